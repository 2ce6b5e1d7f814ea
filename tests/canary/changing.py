"""Changes of the hub that leak: what a function does is another thing, and nothing else is."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Found(NamedTuple):
    """What the canary found."""

    leaks: list[list[str]]
    """Of each its kind, and all of it in words."""
    unseen: list[str]
    """Secrets that neither a system nor a sealed column has: of those the search proves nothing."""
    kinds: dict[str, int]
    """In how many pieces of each kind it looked."""


class Change(NamedTuple):
    """One change of what a function does, and in what kind of place the canary must find what it leaks."""

    name: str
    found: str
    file: str
    old: str
    new: str

    def codes(self) -> dict[str, CodeType]:
        """The functions that do something else, by their qualified names.

        Raises:
            LookupError: the text that it should change is not there once, or it changes more than functions.
        """
        text = (ROOT / self.file).read_text(encoding="utf-8")
        if (places := text.count(self.old)) != 1:
            raise LookupError(f"{self.file}: {self.name}: {places} places to change; mend tests/canary/leaks.toml")
        path = str(ROOT / self.file)
        before = compile(text, path, "exec", dont_inherit=True)
        after = compile(text.replace(self.old, self.new), path, "exec", dont_inherit=True)
        found = dict(_changed(before, after))
        if not found:
            raise LookupError(f"{self.file}: {self.name}: no function does anything else")
        return found


def changes() -> list[Change]:
    """All of them."""
    told = tomllib.loads((Path(__file__).parent / "leaks.toml").read_text(encoding="utf-8"))
    return [Change(**one) for one in told["leak"]]


def _changed(before: CodeType, after: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Functions whose code differs; modules and classes are the same but for their functions."""
    if before.co_flags & _IS_FUNCTION and before.co_freevars == after.co_freevars:
        if _does(before) != _does(after):
            yield before.co_qualname, after
        return
    if _own(before) != _own(after):
        raise LookupError(f"{before.co_qualname} is changed, and only what functions do may be")
    for old, new in zip(_inner(before), _inner(after), strict=True):
        yield from _changed(old, new)


_IS_FUNCTION = 0x02
"""CO_NEWLOCALS: a function's, and no module's or class's."""


def _inner(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _own(code: CodeType) -> tuple[object, ...]:
    """What it does, apart from functions within and lines; a class's first line is one of its constants."""
    consts = tuple((type(one), one) for one in code.co_consts if not isinstance(one, CodeType))
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars


def _does(code: CodeType) -> tuple[object, ...]:
    return *_own(code), *(_does(one) for one in _inner(code))
