"""Texts of messages: templates of the hub's, and a municipality's own over them by name.

A template may look at what it is given and nothing else. It is bounded by what it is made of: it sets nothing, calls
nothing and defines nothing, so a text cannot grow by itself; loops are counted, and a text ends at a size.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.configuration.template_values import TEMPLATES, trials
from hub.mapping.samples import shipped

LARGEST_TEMPLATE = 50_000
"""Characters."""
LARGEST_TEXT = 150_000
MOST_TURNS = 50_000
"""Of all loops together; a digest of five hundred bookings takes some thousands."""
LONGEST_SECONDS = 2.0
LANGUAGES = ("sv", "en")

_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For, nodes.Getattr,
    nodes.Getitem, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg,
    nodes.CondExpr, nodes.Concat, nodes.Add, nodes.Sub, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword,
    nodes.Slice,
)  # fmt: skip
_FILTERS = (
    "capitalize", "count", "d", "default", "e", "escape", "first", "groupby", "int", "join", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string", "title",
    "trim", "unique", "upper",
)  # fmt: skip


class Flaw(NamedTuple):
    """What is wrong with a template."""

    line: int
    message: str


class TextError(Exception):
    """A template gives no text. Says which, where and why, and nothing of what it was given."""


class _Budget:
    """What one text may take."""

    def __init__(self) -> None:
        self._turns, self._until = MOST_TURNS, time.monotonic() + LONGEST_SECONDS

    def spend(self) -> None:
        self._turns -= 1
        if self._turns < 0 or time.monotonic() > self._until:
            raise TemplateError("the loops take too long; loop over less")


@pass_context
def _bounded(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    """The same values, each of them counted."""
    budget = context.get("_budget")
    for value in values:
        budget.spend()
        yield value


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=lambda name: str(name).endswith(".html"),
        keep_trailing_newline=True,
        cache_size=0,
    )
    made.filters = {name: made.filters[name] for name in _FILTERS} | {"bounded": _bounded}
    made.globals.clear()
    return made


def _parsed(name: str, text: str) -> nodes.Template:
    """Raises TemplateSyntaxError: it cannot be read, or does what templates may not."""
    if len(text) > LARGEST_TEMPLATE:
        raise TemplateSyntaxError(f"more than {LARGEST_TEMPLATE:,} characters; is it the right file?", 1, name, name)
    tree = _environment().parse(text, name, name)
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _NODES):
            what = type(node).__name__.lower()
            message = f"a template may not use `{what}`; it shows what it is given, with `if`, `for` and filters"
            raise TemplateSyntaxError(message, node.lineno, name, name)
    return tree


def _compiled(name: str, text: str) -> Template:
    environment, tree = _environment(), _parsed(name, text)
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, "bounded", [], [], None, None, lineno=loop.lineno)
    code = environment.compile(tree, name, name)
    return Template.from_code(environment, code, environment.globals)


def _written(template: Template, values: Mapping[str, object]) -> str:
    pieces, size = [], 0
    for piece in template.generate(_budget=_Budget(), **values):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_TEXT:
            raise TemplateError(f"the text is longer than {LARGEST_TEXT:,} characters")
    return "".join(pieces)


class Texts:
    """All templates of one municipality; each is read when it is first used."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own, self._read = own, dict[str, Template | None]()

    def has(self, language: str, name: str) -> bool:
        """Whether there is such a template."""
        return self._find(f"{language}/{name}") is not None

    def write(self, language: str, name: str, values: Mapping[str, object]) -> str:
        """The text that a template makes of the values.

        Raises:
            TextError: it makes none.
        """
        path = f"{language}/{name}"
        try:
            template = self._find(path)
            if template is None:
                raise TextError(f"there is no template {path}")
            given = TEMPLATES[name]
            return _written(template, {key: value for key, value in values.items() if key in given})
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            line, _ = _flaw(error, path)
            raise TextError(f"templates/{path}:{line}: {type(error).__name__}; knutpunkt check tells more") from None

    def _find(self, path: str) -> Template | None:
        if path not in self._read:
            text = self._own.get(path, shipped_text(path))
            self._read[path] = None if text is None else _compiled(path, text)
        return self._read[path]


@cache
def shipped_text(path: str) -> str | None:
    """A template that comes with the hub."""
    file = shipped() / "templates" / path
    return file.read_text(encoding="utf-8") if file.is_file() else None


def flaws(path: str, text: str) -> Iterator[Flaw]:
    """All that is wrong with a template by that path (`sv/role.txt`): it is read, and tried with made-up bookings."""
    name = path.rpartition("/")[2]
    try:
        unknown = meta.find_undeclared_variables(_parsed(path, text)) - TEMPLATES[name]
        template = _compiled(path, text)
    except TemplateSyntaxError as error:
        yield Flaw(error.lineno, error.message or "cannot be read")
        return
    except TemplateError as error:
        yield Flaw(1, str(error))
        return
    if unknown:
        yield from _unknown(path, text, unknown, TEMPLATES[name])
        return
    yield from dict.fromkeys(_tried(path, template, TEMPLATES[name]))


def _unknown(path: str, text: str, unknown: set[str], given: frozenset[str]) -> Iterator[Flaw]:
    known = ", ".join(sorted(given))
    for node in _parsed(path, text).find_all(nodes.Name):
        if node.name in unknown:
            unknown.discard(node.name)
            yield Flaw(node.lineno, f"there is no `{node.name}` here; there is {known}")


def _tried(path: str, template: Template, given: frozenset[str]) -> Iterator[Flaw]:
    for values in trials(path.rpartition("/")[2]):
        try:
            text = _written(template, {key: value for key, value in values.items() if key in given})
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            yield _flaw(error, path)
        else:
            if not text.strip():
                yield Flaw(1, f"gives no text for a booking that is {values['kind']}")


def _flaw(error: Exception, path: str) -> Flaw:
    """The line of the template that an error comes from, and what it says."""
    line, trace = getattr(error, "lineno", None) or 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return Flaw(line, _OURS.sub(lambda found: f"`{found[1].lower()}`", str(error)))


_OURS = re.compile(r"'hub\.[\w.]*?(\w+) object'")
