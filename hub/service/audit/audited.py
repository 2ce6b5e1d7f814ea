"""Reading the audit: its rows, with the persons behind them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cryptography.exceptions import InvalidTag

from hub.clock import instant, micros
from hub.errors import FieldFault, InvalidError
from hub.model.audit import Act, AuditPage, AuditRow
from hub.service.audit.auditing import Private, opened
from hub.service.rulebook import Rulebook
from hub.store import audit
from hub.store.audit import Leaf, Line, Sought
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.seals.sealing import Seal

UNREADABLE = "?"
"""Stands for a person whose name no key opens."""


class Wish(NamedTuple):
    """Which rows are wanted; None: any."""

    act: Act | None = None
    subject: str | None = None
    who: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None


class Audited:
    """The use case of reading it."""

    def __init__(self, readers: Readers, seal: Seal, rulebook: Rulebook) -> None:
        self._readers, self._seal, self._rulebook = readers, seal, rulebook

    async def page(self, municipality: str, wish: Wish, *, limit: int) -> AuditPage:
        """Rows, the newest first. Raises InvalidError, NotFoundError."""
        self._rulebook.town(municipality)
        return await self._readers.read(
            lambda connection: page(connection, self._seal, municipality, wish, limit=limit)
        )


def page(connection: Connection, seal: Seal, municipality: str, wish: Wish, *, limit: int) -> AuditPage:
    """Rows, the newest first. Raises InvalidError."""
    found = audit.page(connection, municipality, _sought(seal, wish), limit=limit)
    leaves = audit.leaves(connection, municipality, {leaf for leaf, _, _ in found})
    sealed = {id_: _opened(seal, leaf) for id_, leaf in leaves.items()}
    rows = tuple(_row(leaf, n, line, leaves.get(leaf), sealed.get(leaf, [])) for leaf, n, line in found)
    return AuditPage(rows=rows, next=f"{rows[-1].leaf}.{rows[-1].row}" if len(rows) == limit else None)


def _sought(seal: Seal, wish: Wish) -> Sought:
    person = seal.lookup_hash(f"audit/{wish.person}") if wish.person else None
    since, until = (micros(each) if each else None for each in (wish.since, wish.until))
    return Sought(wish.act, wish.subject, wish.who, person, since, until, _place(wish.before))


def sought(wish: Wish) -> str:
    """What a wish is for, to be sealed: it may be anything that somebody typed."""
    names = ("act", "subject", "who", "person", "since", "until")
    return ", ".join(f"{name} {getattr(wish, name)}" for name in names if getattr(wish, name) is not None)


def _place(told: str | None) -> tuple[int, int] | None:
    if told is None:
        return None
    leaf, dot, row = told.partition(".")
    if not (dot and leaf.isdecimal() and row.isdecimal() and len(told) < 30):  # noqa: PLR2004 - two numbers
        fault = FieldFault("/before", "invalid-cursor", "that is no `next` of an earlier page")
        raise InvalidError([fault], code="invalid-cursor")
    return int(leaf), int(row)


def _opened(seal: Seal, leaf: Leaf) -> list[Private]:
    try:
        return opened(seal, leaf)
    except (InvalidTag, ValueError):
        return []


def _row(id_: int, n: int, line: Line, leaf: Leaf | None, sealed: Sequence[Private]) -> AuditRow:
    private = sealed[n] if n < len(sealed) else Private(UNREADABLE)
    return AuditRow(
        leaf=id_,
        row=n,
        place=leaf.place if leaf else None,
        at=instant(line.at),
        act=line.act,
        subject=line.subject,
        who=line.who,
        person=private.person or None if line.person else None,
        private=private.more or None,
        told=_told(line.told),
    )


def _told(text: str) -> dict[str, str | int | None]:
    """References as they were kept; where a hand has spoilt them, as they are."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {UNREADABLE: text}
    return {name: one if one is None or isinstance(one, str | int) else str(one) for name, one in found.items()}
