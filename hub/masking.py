"""What may be said of an error that was not foreseen: its text may hold anything, a name or a code as well."""

import re
import traceback

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


def _short(filename: str) -> str:
    return "/".join(filename.rsplit("/", 2)[-2:])
