"""Whether the audit is as the hub wrote it: what was changed, removed, put in or moved is named.

A leaf is proven by itself (nobody makes one without the key file), and the chain tells what stood before what. A leaf
that follows nothing which came before it is a suspect, until it is known what it is: one that was moved follows what
comes later; one whose neighbour was removed is followed; one that was put in is not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag

from hub.clock import instant
from hub.model.audit import AuditFinding, AuditVerified, Verdict
from hub.service.audit.auditing import DIGEST_BYTES, digest, head_proof, link, opened, proof, start
from hub.store import audit
from hub.store.audit import Head, Leaf, Line
from hub.store.engine.database import Connection
from hub.store.seals.sealing import Seal

_LEAVES = 500
_MOST_FOUND = 200
_ENDS = 50
"""Links that are remembered while nothing has followed them: what was moved is known again so far."""


def verify(connection: Connection, seal: Seal, municipality: str) -> AuditVerified:
    """Walk a municipality's chain from its first leaf; then look at what is not in it yet."""
    walk, found = Walk(seal, municipality), Found()
    leaves = rows = outside = 0
    for leaf, lines in _read(connection, municipality):
        leaves, rows, outside = leaves + 1, rows + len(lines), outside + (leaf.place is None)
        known = _proven(seal, leaf)
        if leaf.place is not None:
            walk.follow(leaf, proven=known)
        if known:
            _judge_rows(found, leaf, lines)
            _judge_persons(found, leaf, seal)
        elif not walk.suspects_now(leaf):
            found.tell("changed", leaf, f"the leaf itself; its rows: {_all(lines)}")
    walk.end(found, audit.head(connection, municipality))
    for id_, n, line in audit.strays(connection, municipality, limit=_MOST_FOUND):
        found.add("removed", None, f"the leaf of a row that is there: {_said(line)}", id_, n)
    place, end = walk.last
    return AuditVerified(
        municipality=municipality,
        leaves=leaves,
        rows=rows,
        loose=outside,
        place=place,
        link=end.hex(),
        found=len(found.all),
        findings=tuple(found.all[:_MOST_FOUND]),
    )


def _read(connection: Connection, municipality: str) -> Iterator[tuple[Leaf, Mapping[int, Line]]]:
    """The leaves in the chain, in order of place, and then the others; each with its rows."""
    after = 0
    while some := audit.in_chain(connection, municipality, after, limit=_LEAVES):
        yield from _with_rows(connection, municipality, some)
        after = some[-1].place or 0
    after = 0
    while some := audit.out_of_chain(connection, municipality, after, limit=_LEAVES):
        yield from _with_rows(connection, municipality, some)
        after = some[-1].id


def _with_rows(
    connection: Connection, municipality: str, leaves: Sequence[Leaf]
) -> Iterable[tuple[Leaf, Mapping[int, Line]]]:
    lines = audit.lines(connection, municipality, [leaf.id for leaf in leaves])
    return [(leaf, lines.get(leaf.id, {})) for leaf in leaves]


class Found:
    """What is not as it was written."""

    def __init__(self) -> None:
        self.all: list[AuditFinding] = []

    def add(self, verdict: Verdict, place: int | None, detail: str, leaf: int | None, row: int | None = None) -> None:
        """One finding."""
        self.all.append(AuditFinding(verdict=verdict, place=place, leaf=leaf, row=row, detail=detail))

    def tell(self, verdict: Verdict, leaf: Leaf, detail: str, row: int | None = None) -> None:
        """One finding of a leaf."""
        self.add(verdict, leaf.place, detail, leaf.id, row)


# ---- a leaf and its rows


def _proven(seal: Seal, leaf: Leaf) -> bool:
    return leaf.proof == proof(seal, leaf.municipality, leaf.mark, leaf.digests, leaf.sealed)


def _judge_rows(found: Found, leaf: Leaf, lines: Mapping[int, Line]) -> None:
    """Hold the rows against what the leaf says of them."""
    wanted = [leaf.digests[at : at + DIGEST_BYTES] for at in range(0, len(leaf.digests), DIGEST_BYTES)]
    for n in sorted({*range(len(wanted)), *lines}):
        line = lines.get(n)
        if line is None:
            found.tell("removed", leaf, "a row", n)
        elif not 0 <= n < len(wanted):
            found.tell("inserted", leaf, _said(line), n)
        elif digest(n, line) != wanted[n]:
            moved = any(digest(at, line) == one for at, one in enumerate(wanted))
            found.tell("moved" if moved else "changed", leaf, f"now {_said(line)}", n)


def _judge_persons(found: Found, leaf: Leaf, seal: Seal) -> None:
    try:
        opened(seal, leaf)
    except (InvalidTag, ValueError):
        found.tell("unreadable", leaf, "no key of the file opens the persons of its rows")


# ---- the chain


@dataclass
class _Suspect:
    """A leaf whose link follows nothing that came before it."""

    leaf: Leaf
    proven: bool
    wanted: bytes
    """The link that it would have, did it follow what stands before it."""
    after: int
    """The place of what stands before it."""
    followed: bool = False
    relinked: bool = False
    """Whether what comes next follows `wanted`: its own link was changed."""


@dataclass
class Walk:
    """From leaf to leaf, in the order of their places."""

    seal: Seal
    municipality: str
    last: tuple[int, bytes] = (0, b"")
    """Place and link of the leaf that was met last."""
    suspects: list[_Suspect] = field(default_factory=list)
    moved: list[tuple[Leaf, int]] = field(default_factory=list)
    """Leaves that were taken out of their place, and the place of what they came after."""

    def __post_init__(self) -> None:
        self.ends = [start(self.municipality)]
        """Links that nothing has followed yet; the latest last."""

    def follow(self, leaf: Leaf, *, proven: bool) -> None:
        """Find what a leaf follows."""
        mine = leaf.link or b""
        before = next((end for end in reversed(self.ends) if link(self.seal, end, leaf.proof) == mine), None)
        if before is None:
            wanted = link(self.seal, self.ends[-1], leaf.proof)
            self.suspects.append(_Suspect(leaf, proven, wanted, self.last[0]))
            self.ends.append(wanted)
        else:
            self._is_followed(before)
        self.ends = [*self.ends, mine][-_ENDS:]
        self._explain(leaf)
        self.last = leaf.place or 0, mine

    def suspects_now(self, leaf: Leaf) -> bool:
        """Whether it is not known yet what the leaf is."""
        return any(one.leaf.id == leaf.id for one in self.suspects)

    def _is_followed(self, before: bytes) -> None:
        self.ends.remove(before)
        for one in self.suspects:
            one.followed = one.followed or one.leaf.link == before
            one.relinked = one.relinked or one.wanted == before

    def _explain(self, leaf: Leaf) -> None:
        """A suspect that follows this leaf was moved."""
        mine = leaf.link or b""
        for one in self.suspects[-_ENDS:]:
            if one.leaf is not leaf and link(self.seal, mine, one.leaf.proof) == one.leaf.link:
                self.suspects.remove(one)
                self.moved.append((one.leaf, leaf.place or 0))
                if mine in self.ends:
                    self._is_followed(mine)
                return

    def end(self, found: Found, head: Head | None) -> None:
        """Tell what was moved, what is left unexplained, and what is gone at the end."""
        for leaf, after in self.moved:
            found.tell("moved", leaf, f"it came after what stands at {after} now")
        for one in self.suspects:
            _tell_of(found, one, head)
        if head is None:
            if self.last[0]:
                found.add("removed", None, "the end of the chain, as the hub remembers it", None)
        elif head.proof != head_proof(self.seal, self.municipality, head.place, head.link):
            found.add("changed", head.place, "the end of the chain, as the hub remembers it", None)
        elif head.link not in self.ends:
            found.add("removed", head.place, f"the chain ended at {head.place}, and ends at {self.last[0]}", None)


def _tell_of(found: Found, one: _Suspect, head: Head | None) -> None:
    ends = head is not None and one.leaf.link == head.link
    if one.relinked or (head is not None and one.wanted == head.link):
        found.tell("changed", one.leaf, "the link of the leaf")
    elif not (one.followed or ends):
        found.tell("inserted", one.leaf, "a leaf that follows none, and is followed by none")
    elif not one.proven:
        found.tell("changed", one.leaf, "the leaf itself")
    else:
        gone = one.leaf.place == one.after + 1 if one.leaf.place else False
        where = f"before {one.leaf.place}" if gone else f"{one.after + 1} to {(one.leaf.place or 0) - 1}"
        found.tell("removed", one.leaf, f"what stood in the chain at {where}")


def _said(line: Line) -> str:
    return f"{line.act} {line.subject} by {line.who} at {instant(line.at):%Y-%m-%d %H:%M:%S} UTC"


def _all(lines: Mapping[int, Line]) -> str:
    return "; ".join(_said(lines[n]) for n in sorted(lines)[:5]) or "none"
