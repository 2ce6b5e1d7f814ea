"""What a mapping may do besides JMESPath's own functions: dates, numbers and texts as Swedish files have them."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from jmespath import functions

from hub.clock import STOCKHOLM
from hub.model import PersonNumber

MOST_CHARACTERS = 100_000
"""Of a text that is made."""
_SCALAR: dict[str, list[str]] = {"types": ["string", "number", "boolean", "null"]}
_TEXT: dict[str, list[str]] = {"types": ["string"]}
_MAYBE: dict[str, list[str]] = {"types": ["string", "null"]}
_NUMBER: dict[str, list[str]] = {"types": ["number"]}
_LIST: dict[str, list[str]] = {"types": ["array"]}
_ANY: dict[str, list[str]] = {"types": []}


class Functions(functions.Functions):  # type: ignore[misc] # published without types
    """Each is named in docs/mapping.md."""

    @functions.signature(_SCALAR)
    def _func_to_string(self, told: object) -> str:
        """JMESPath's own writes whole documents; here single values only."""
        return "" if told is None else str(told).lower() if isinstance(told, bool) else str(told)

    @functions.signature(_TEXT, {"types": ["array-string"]})
    def _func_join(self, separator: str, texts: list[str]) -> str:
        if len(separator) * len(texts) + sum(map(len, texts)) > MOST_CHARACTERS:
            raise ValueError
        return separator.join(texts)

    @functions.signature(_MAYBE)
    def _func_trim(self, text: str | None) -> str:
        return (text or "").strip()

    @functions.signature(_TEXT)
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @functions.signature(_TEXT, _TEXT, _TEXT)
    def _func_replace(self, text: str, old: str, new: str) -> str:
        if not old or len(text) // len(old) * len(new) > MOST_CHARACTERS:
            raise ValueError
        return text.replace(old, new)

    @functions.signature(_TEXT, _TEXT)
    def _func_split(self, text: str, separator: str) -> list[str]:
        return text.split(separator)

    @functions.signature(_SCALAR)
    def _func_number(self, told: object) -> float | int | None:
        """`12`, `1 234,5` and `1234.5`; nothing of nothing."""
        text = str(told).replace("\u00a0", "").replace(" ", "").replace(",", ".") if told is not None else ""
        if not text:
            return None
        return int(text) if re.fullmatch(r"-?\d{1,15}", text) else float(text)

    @functions.signature(_TEXT, _TEXT)
    def _func_local(self, day: str, at: str) -> str:
        """A Swedish date and time, `2026-11-23` and `18:00`, as a moment with its offset."""
        hour, minute, *_ = (int(part) for part in at.replace(".", ":").split(":"))
        moment = datetime.combine(date.fromisoformat(day.strip()), time(hour, minute), STOCKHOLM)
        return moment.isoformat()

    @functions.signature(_TEXT, _NUMBER)
    def _func_later(self, moment: str, minutes: float) -> str:
        """So many minutes after a moment."""
        return (datetime.fromisoformat(moment) + timedelta(minutes=minutes)).isoformat()

    @functions.signature(_LIST, _TEXT, _ANY)
    def _func_find(self, things: list[Any], key: str, value: object) -> Any:  # noqa: ANN401 - JSON
        """The first of some things whose key has that value."""
        return next((one for one in things if isinstance(one, dict) and one.get(key) == value), None)

    @functions.signature(_ANY, _ANY, _ANY)
    def _func_when(self, holds: object, then: Any, other: Any) -> Any:  # noqa: ANN401 - JSON
        """One or the other."""
        return then if holds else other

    @functions.signature(_ANY, {"types": ["object"]}, _ANY)
    def _func_translate(self, told: object, words: dict[str, Any], other: Any) -> Any:  # noqa: ANN401 - JSON
        """What stands under a word; or something else."""
        return words.get(str(told), other)

    @functions.signature(_MAYBE)
    def _func_identity_number(self, text: str | None) -> str | None:
        """Twelve digits when they hold, however they are written with hyphens; else nothing."""
        try:
            return PersonNumber.parse(_digits(text)).digits
        except ValueError:
            return None

    @functions.signature(_MAYBE)
    def _func_unverified_number(self, text: str | None) -> str:
        """What stands there when it is no identity number that holds."""
        return "" if self._func_identity_number(text) else _digits(text)[:20]


def _digits(text: str | None) -> str:
    return re.sub(r"[\s-]", "", text or "")
