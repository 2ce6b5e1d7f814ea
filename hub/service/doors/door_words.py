"""What is said of a door, in both languages."""

from collections.abc import Mapping
from datetime import datetime

from hub.clock import STOCKHOLM
from hub.model.passage import Why
from hub.service.words.saying import Language, said

_TEXTS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "nothing": "no booking opens it now",
        "opens": "booking {number} opens it from {since} to {until}: {state}",
        "unproven": "what booking {number} asks for does not stand in the lock system: {delivery}",
        "held_back": "a closure holds back what booking {number} asks for",
        "without": "booking {number} is on, and gives nobody anything to open it with",
        "next": "next is booking {number}, from {since}",
        "never": "no booking opens it within a day",
        "problem": "its lock system has a problem: {title}",
        "paused": "its connection is paused",
        "passed": "passed",
        "refused": "refused: {why}",
        "last": "the last refusal, {at}: {why}",
        Why.TOO_EARLY: "too early",
        Why.TOO_LATE: "too late",
        Why.WRONG_DOOR: "the credential is for other doors",
        Why.NO_BOOKING: "no booking opens the door then",
        Why.CLOSED: "closed",
        Why.UNKNOWN_CODE: "unknown code or card",
        Why.WRONG_CODE: "wrong code",
        Why.DISABLED: "shut off in the lock system",
        Why.OTHER: "the lock system does not say why",
        "minutes_too_early": "{minutes} min too early",
        "minutes_too_late": "{minutes} min too late",
    },
    "sv": {
        "nothing": "ingen bokning öppnar den nu",
        "opens": "bokning {number} öppnar den {since} till {until}: {state}",
        "unproven": "det som bokning {number} begär finns inte i passersystemet: {delivery}",
        "held_back": "en avstängning håller tillbaka det som bokning {number} begär",
        "without": "bokning {number} pågår och ger ingen något att öppna med",
        "next": "nästa är bokning {number}, från {since}",
        "never": "ingen bokning öppnar den inom ett dygn",
        "problem": "dess passersystem har ett problem: {title}",
        "paused": "dess anslutning är pausad",
        "passed": "passerade",
        "refused": "nekad: {why}",
        "last": "senast nekad {at}: {why}",
        Why.TOO_EARLY: "för tidigt",
        Why.TOO_LATE: "för sent",
        Why.WRONG_DOOR: "behörigheten gäller andra dörrar",
        Why.NO_BOOKING: "ingen bokning öppnar dörren då",
        Why.CLOSED: "avstängt",
        Why.UNKNOWN_CODE: "okänd kod eller okänt kort",
        Why.WRONG_CODE: "fel kod",
        Why.DISABLED: "spärrad i passersystemet",
        Why.OTHER: "passersystemet säger inte varför",
        "minutes_too_early": "{minutes} min för tidigt",
        "minutes_too_late": "{minutes} min för sent",
    },
}


class DoorWords:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, key: str, **values: object) -> str:
        return _TEXTS[self._language][key].format(**values)

    def state(self, code: str) -> str:
        """A state as people say it."""
        return said(code, self._language)

    def why(self, why: Why, minutes: int | None) -> str:
        """A reason, with how much too early or too late where that is known."""
        return self(f"minutes_{why}", minutes=minutes) if minutes else self(why)

    def time(self, at: datetime) -> str:
        """A moment in Sweden."""
        return f"{at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
