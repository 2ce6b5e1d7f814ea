"""A YAML text as a tree that knows where each of its values stands.

Read event by event, so that a bad text ends in a finding and never in a deep recursion. Scalars are those of YAML 1.2
(docs/decisions/0013): `on`, `yes`, `22:00`, `010` and dates are texts, which a field of another type then refuses.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from hub.configuration.finding import START, Path, Place

DEEPEST = 20
"""Levels of nesting; a configuration has about six."""
LARGEST = 100_000
"""Values in one file, each use of an anchor counted whole."""

_REMEMBERED = 16_384
"""Characters of a file that is remembered as read; one of a hall has some thousand."""
_TEXT = "tag:yaml.org,2002:str"
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 30
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it stands, and what stands in it. The place of an entry is that of its key."""

    value: Any
    place: Place
    children: Mapping[str | int, "Node"] = field(default_factory=dict)
    size: int = 1

    def find(self, path: Path) -> tuple["Node", Path]:
        """The node at the path, or the nearest above it, and the path of that one."""
        node = self
        for depth, step in enumerate(path):
            if step not in node.children:
                return node, path[:depth]
            node = node.children[step]
        return node, path

    def place_of(self, path: Path) -> Place:
        """Where the value at the path stands, or what should hold it."""
        return self.find(path)[0].place

    def has(self, path: Path) -> bool:
        """Whether a value stands there."""
        return self.find(path)[1] == path


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a text as YAML."""

    code: str
    place: Place
    message: str


class _Unreadable(Exception):
    """Nothing below this point can be read."""

    def __init__(self, code: str, place: Place, message: str) -> None:
        super().__init__(message)
        self.flaw = Flaw(code, place, message)


def parse(text: str) -> tuple[Node | None, tuple[Flaw, ...]]:
    """The tree of a YAML text, and its flaws; no tree when it could not be read to its end."""
    return _remembered(text) if len(text) <= _REMEMBERED else _parsed(text)


def _parsed(text: str) -> tuple[Node | None, tuple[Flaw, ...]]:
    composer = _Composer(iter(yaml.parse(text, Loader=_Loader)))
    try:
        root = composer.document()
    except _Unreadable as error:
        return None, (*composer.flaws, error.flaw)
    except yaml.MarkedYAMLError as error:
        return None, (*composer.flaws, Flaw("yaml-syntax", _mark(error.problem_mark), _syntax(error, text)))
    except UnicodeEncodeError as error:
        return None, (Flaw("yaml-syntax", _position(text, error.start), "half a character: write the text anew"),)
    except yaml.reader.ReaderError as error:
        return None, (Flaw("yaml-syntax", _position(text, error.position), f"{error.reason}: remove the character"),)
    return root, tuple(composer.flaws)


_remembered = lru_cache(64)(_parsed)
"""A folder is read again and again, and hardly any of its files is another than before."""


@dataclass
class _Composer:
    """Takes events and gives nodes; one function for each kind of event."""

    events: Iterator[yaml.Event]
    flaws: list[Flaw] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    depth: int = 0

    def document(self) -> Node:
        """The one document of the text; an empty one is null."""
        node = Node(None, START)
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Unreadable("yaml-syntax", _mark(event.start_mark), "a second document: one file holds one")
                node = self.node(next(self.events))
        return node

    def node(self, event: yaml.Event) -> Node:
        """The node that begins with the event; its anchor can be used after its end."""
        place = _mark(event.start_mark)
        match event:
            case yaml.AliasEvent():
                return self.alias(event, place)
            case yaml.ScalarEvent():
                node = Node(_scalar(event, place), place)
            case yaml.SequenceStartEvent():
                node = self.inside(event.tag, place, self.sequence)
            case yaml.MappingStartEvent():
                node = self.inside(event.tag, place, self.mapping)
            case _:
                raise _Unreadable("yaml-syntax", place, "nothing can be read here")
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def inside(self, tag: str | None, place: Place, compose: Callable[[Place], Node]) -> Node:
        """A collection, one level down."""
        if tag:
            raise _Unreadable("yaml-tag", place, f"`{tag}`: tags are not used here; remove it")
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Unreadable("yaml-depth", place, f"nested more than {DEEPEST} levels deep; is a bracket left open?")
        node = compose(place)
        self.depth -= 1
        if node.size > LARGEST:
            raise _Unreadable("yaml-size", place, f"more than {LARGEST} values, anchors counted at each use; divide it")
        return node

    def alias(self, event: yaml.AliasEvent, place: Place) -> Node:
        """What the anchor named, standing here."""
        if event.anchor not in self.anchors:
            raise _Unreadable(
                "yaml-anchor", place, f"`*{event.anchor}`: no `&{event.anchor}` ends before it; write it first"
            )
        known = self.anchors[event.anchor]
        return Node(known.value, place, known.children, known.size)

    def sequence(self, place: Place) -> Node:
        """The items until the end of the list."""
        items: list[Node] = []
        size = 1
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event))
            size = self.grown(size, items[-1])
        return Node([item.value for item in items], place, dict(enumerate(items)), size)

    def mapping(self, place: Place) -> Node:
        """The entries until the end; what `<<` brings in is overridden by what is written."""
        written: dict[str | int, Node] = {}
        merged: dict[str | int, Node] = {}
        size = 1
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, spot = self.key(event)
            node = self.node(next(self.events))
            size = self.grown(size, node)
            if key == "<<":
                merged |= self.merge(node, spot)
            elif key in written:
                self.flaws.append(
                    Flaw(
                        "duplicate-key",
                        spot,
                        f"`{key}` stands twice, first on line {written[key].place.line}; remove one",
                    )
                )
            else:
                written[key] = Node(node.value, spot, node.children, node.size)
        entries = merged | written
        return Node({key: node.value for key, node in entries.items()}, place, entries, size)

    def grown(self, size: int, node: Node) -> int:
        """The size with one more node in it."""
        if size + node.size > LARGEST:
            raise _Unreadable(
                "yaml-size", node.place, f"more than {LARGEST} values, anchors counted at each use; divide it"
            )
        return size + node.size

    def key(self, event: yaml.Event) -> tuple[str, Place]:
        """A key, which is a text, and its place."""
        place = _mark(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent):
            raise _Unreadable("yaml-key", place, "a key must be a text")
        if not isinstance(_scalar(event, place), str):
            self.flaws.append(Flaw("yaml-key", place, f'`{event.value}` as a key must be in quotes: "{event.value}"'))
        return event.value, place

    def merge(self, node: Node, place: Place) -> dict[str | int, Node]:
        """The entries that `<<` brings in; the first of several wins."""
        sources = [*node.children.values()] if isinstance(node.value, list) else [node]
        if not all(isinstance(source.value, dict) for source in sources):
            raise _Unreadable("yaml-merge", place, "`<<` takes what has keys: `<<: *name`")
        return {key: child for source in reversed(sources) for key, child in source.children.items()}


def _scalar(event: yaml.ScalarEvent, place: Place) -> bool | int | float | str | None:
    """The value of a scalar; quoted ones and those that are nothing else are texts."""
    if event.tag not in (None, _TEXT):
        raise _Unreadable("yaml-tag", place, f"`{event.tag}`: tags are not used here; remove it")
    text = event.value
    if event.tag == _TEXT or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) < _LONGEST_NUMBER and _INT.fullmatch(text):
        return int(text)
    return float(text) if len(text) < _LONGEST_NUMBER and _FLOAT.fullmatch(text) else text


def _mark(mark: Any) -> Place:  # noqa: ANN401 - the two loaders have a class each
    """The place of a mark, which counts from 0."""
    return Place(mark.line + 1, mark.column + 1) if mark else START


def _position(text: str, position: int) -> Place:
    """The place of a character by its number."""
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _syntax(error: yaml.MarkedYAMLError, text: str) -> str:
    """What the parser says, and what is most often the cause."""
    place = _mark(error.problem_mark)
    line = text.splitlines()[place.line - 1] if place.line <= len(text.splitlines()) else ""
    said = " ".join(filter(None, (error.context, error.problem)))
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab in the indentation: YAML takes spaces only"
    return f"cannot be read as YAML: {said}; check indentation, quotes and colons here and on the line before"
