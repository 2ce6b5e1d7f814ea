"""A document by the profile of one service, and what it answers; pure."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from connectors.registry_rest.client import Part
from connectors.registry_rest.config import RestConfig, Source, Told
from connectors.registry_rest.trees import Tree, at, grown
from hub.model import Document
from hub.sdk import RejectedError

_PLACEHOLDER = "ingen-fil.txt"
Said = dict[Source, str | bool | None]


def said(document: Document, config: RestConfig) -> Said:
    """All that a document says; None for what it does not say."""
    secrecy, received = document.secrecy, document.received_at
    screened = secrecy is not None or document.counterpart_protected or document.protected_title is not None
    return {
        Source.KEY: document.key,
        Source.TITLE: document.title,
        Source.PROTECTED_TITLE: document.protected_title,
        Source.DIRECTION: config.directions[document.direction],
        Source.DATED: document.dated.isoformat(),
        Source.RECEIVED_AT: received.isoformat() if received else None,
        Source.AUTHORITY: document.authority or None,
        Source.SERIES: document.series or None,
        Source.COUNTERPART: document.counterpart or None,
        Source.COUNTERPART_PROTECTED: document.counterpart_protected,
        Source.CASE: document.case,
        Source.CASE_KEY: document.case_key,
        Source.CLASSIFICATION: document.classification,
        Source.SECRET: screened,
        Source.GROUND: secrecy.ground if secrecy else None,
        Source.MARKED: secrecy.marked.isoformat() if secrecy and secrecy.marked else None,
        Source.BY: (secrecy.by or None) if secrecy else None,
        Source.UNTIL: secrecy.until.isoformat() if secrecy and secrecy.until else None,
        Source.SHA256: ",".join(file.sha256 for file in document.files) or None,
    }


def body(document: Document, config: RestConfig) -> Tree:
    """The JSON; with its files where all is one."""
    told = said(document, config)
    fields = {path: _value(what, told) for path, what in config.fields.items()}
    tree: dict[str, object] = {path: value for path, value in fields.items() if value is not None}
    if config.pairs_at is not None:
        tree[config.pairs_at] = list(_pairs(told, config))
    if config.body == "json":
        name, kind, content = config.file_fields
        tree[config.files_at] = [
            {name: one.name, kind: one.media_type, content: b64encode(one.content).decode()}
            for one in files(document, config)
        ]
    return grown(tree)


def _value(what: Told, told: Said) -> str | bool | None:
    if isinstance(what, Source):
        return told[what]
    return what if isinstance(what, bool) else what.removeprefix("=")


def _pairs(told: Said, config: RestConfig) -> Iterator[Tree]:
    name, value = config.pair_names
    for key, source in config.pairs.items():
        one = told[source]
        if one is not None:
            yield {name: key, value: str(one).lower() if isinstance(one, bool) else one}


def files(document: Document, config: RestConfig) -> list[Part]:
    """What is enclosed; a file that says so where there is none and the service wants one."""
    found = [Part(one.name, one.media_type, one.content) for one in document.files]
    if found or config.no_file is None:
        return found
    return [Part(_PLACEHOLDER, "text/plain", config.no_file.encode())]


def asked(key: str, config: RestConfig) -> Tree:
    """What is looked for."""
    return grown(
        {
            path: key if what == "key" else what if isinstance(what, bool) else what.removeprefix("=")
            for path, what in config.find_fields.items()
        }
    )


def number(content: bytes, config: RestConfig) -> str:
    """The number in an answer; raises LookupError or ValueError where there is none."""
    return _text(at(json.loads(content), config.number_at))


def found(content: bytes, key: str, config: RestConfig) -> str | None:
    """The number of what has exactly our key.

    Raises:
        LookupError, ValueError: it is no answer.
        RejectedError: several have it.
    """
    told = json.loads(content)
    listed = told if config.found_at is None else at(told, config.found_at)
    if not isinstance(listed, list):
        raise TypeError(config.found_at)
    numbers = {_text(at(one, config.number_at)) for one in listed if _key(one, config) == key}
    if len(numbers) > 1:
        raise RejectedError(f"{len(numbers)} documents have our key {key}; see to it that one does")
    return next(iter(numbers), None)


def _key(one: Any, config: RestConfig) -> object:  # noqa: ANN401 - a tree of JSON
    if config.key_at is not None:
        return at(one, config.key_at)
    name, value = config.pair_names
    mine = {key for key, source in config.pairs.items() if source is Source.KEY}
    pairs = at(one, config.pairs_at or "")
    return next((pair[value] for pair in pairs if pair[name] in mine), None)


def _text(value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        msg = "no number"
        raise ValueError(msg)
    return str(value)
