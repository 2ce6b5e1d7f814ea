"""The texts of the command line, by language."""

from collections.abc import Mapping

from hub.cli import english, swedish, timeline
from hub.service.words.saying import Language, said

TEXTS: Mapping[Language, Mapping[str, str]] = {"sv": swedish.TEXTS, "en": english.TEXTS}

_UNSERVED = {"invoice": "faktura", "registration": "diarieföring"}


class Words:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        return TEXTS[self.language][key].format(**values)

    def state(self, code: str | None) -> str | None:
        """A state as people say it."""
        return said(code, self.language) if code else None

    def happening(self, what: str) -> str:
        """An entry of a timeline."""
        if self.language == "en":
            return said(what, "en")
        return timeline.SWEDISH.get(what) or said(what, "sv").replace("will be ", "blir ")

    def unserved(self, told: str) -> str:
        """What there is no connection for: the capability as people say it, and which."""
        capability, colon, what = told.partition(": ")
        return f"{self.state(capability)}{colon}{_UNSERVED.get(what, what) if self.language == 'sv' else what}"

    def counts(self, counted: Mapping[str, object]) -> str:
        """States and how many of each."""
        return ", ".join(f"{self.state(code)} {count}" for code, count in counted.items()) or self("nothing")
