"""What may be said of an error that was not foreseen: its text may hold anything, a name or a code as well."""

import re
import traceback
from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z0-9._:/~-]{1,128}")
_FIELD = re.compile(r"[A-Za-z0-9_/~-]{1,64}")
_NUMBERS = re.compile(r"\d{6,8}[-+ ]?\d{4}")


def place_of(error: BaseException) -> str:
    """Kinds of the error and of those that it came from, and the lines that they went through, without their texts."""
    told: list[str] = []
    each: BaseException | None = error
    while each is not None and len(told) < _DEEPEST:
        frames = traceback.extract_tb(each.__traceback__)
        told.append(" < ".join([type(each).__name__, *(f"{_short(f.filename)}:{f.lineno}" for f in reversed(frames))]))
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "; from ".join(told)


_DEEPEST = 5


def without_numbers(text: str) -> str:
    """The text with whatever may be an identity number written over, and phone numbers with them."""
    return _NUMBERS.sub("********", text)


def quoted(word: str) -> str:
    """What a caller called something, in quotes where it may be a name of ours: somebody's name or address is not said.

    Told back is what has only the letters of our names (a-z, digits, `._:/~-`), and no identity number.
    """
    return repr(word) if _NAME.fullmatch(word) and not _NUMBERS.search(word) else "'********'"


def pointed(place: Iterable[int | str]) -> str:
    """The JSON Pointer of a field; one that nobody has here may be called anything, and is written as a mark then."""
    return "".join(f"/{_step(str(step))}" for step in place)


def _step(step: str) -> str:
    plain = _FIELD.fullmatch(step) and not _NUMBERS.search(step)
    return step.replace("~", "~0").replace("/", "~1") if plain else "********"


def _short(filename: str) -> str:
    return "/".join(filename.rsplit("/", 2)[-2:])
