"""What has been handed over: a ledger of rows, which each file is a step of. Pure.

The system cannot be read, so this is all that says what should stand in it. It lies beside the files (`client.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

KEPT_FOR = timedelta(days=1)
"""How long after its end a row that has gone is remembered."""


class Row(BaseModel):
    """One door and one window of a credential, and in which file it was said last."""

    model_config = ConfigDict(frozen=True)

    key: str
    door: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    pin: str = Field(default="", repr=False)
    card: str = Field(default="", repr=False)
    holder: str = Field(default="", repr=False)
    gone: bool = False
    """Said to be removed."""
    sequence: int = 0
    said_at: AwareDatetime | None = None

    @property
    def id(self) -> str:
        """The same for the same door and window of the same credential, whatever else it holds."""
        told = f"{self.door}|{self.starts_at.timestamp()}|{self.ends_at.timestamp()}"
        return f"{self.key}~{sha256(told.encode()).hexdigest()[:12]}"

    @property
    def holds(self) -> tuple[str, str, str]:
        """What may change while it stays the same row."""
        return self.pin, self.card, self.holder


class Ledger(BaseModel):
    """All rows, as of one file."""

    model_config = ConfigDict(frozen=True)

    sequence: int = 0
    prepared: str = ""
    """Where its file lies until it has its name."""
    rows: tuple[Row, ...] = ()

    def of(self, key: str) -> tuple[Row, ...]:
        """The rows of one credential."""
        return tuple(row for row in self.rows if row.key == key)


class Action(NamedTuple):
    """A line of a file."""

    what: str
    """`add`, `change` or `remove`."""
    row: Row


class Said(NamedTuple):
    """What a receipt says of a row."""

    taken: bool
    reason: str = ""


@dataclass(frozen=True)
class Seen:
    """What was handed over, and what the system has said of it since."""

    ledger: Ledger
    receipts: Mapping[int, Mapping[str, Said] | None]
    """By file; None: it cannot be read."""
    whole: bool
    """Each file is a snapshot."""

    def said(self, row: Row) -> Said | None:
        """What the system says of a row; None: nothing yet."""
        of = max(self.receipts, default=0) if self.whole else row.sequence
        if of not in self.receipts or of < row.sequence:
            return None
        receipt = self.receipts[of]
        if receipt is None:
            return Said(taken=False, reason="its receipt cannot be read")
        if self.whole and row.gone:
            return Said(taken=True)
        return receipt.get(row.id, Said(taken=False, reason="its receipt does not name it"))


class Step(NamedTuple):
    """The next file, and what is handed over when it is."""

    ledger: Ledger
    actions: tuple[Action, ...]
    """In their order: what opens comes before what shuts."""


def stepped(seen: Seen, key: str, wanted: Iterable[Row], now: datetime) -> Step | None:
    """Give the file that makes it so, whatever stood under the key before; None: there is nothing to say."""
    before, sequence = {row.id: row for row in seen.ledger.of(key)}, seen.ledger.sequence + 1
    rows, actions = [], []
    for row in sorted(wanted, key=lambda row: (row.starts_at, row.door)):
        old = before.pop(row.id, None)
        if old and not old.gone and old.holds == row.holds and _settled(seen, old):
            rows.append(old)
            continue
        rows.append(row.model_copy(update={"sequence": sequence, "said_at": now}))
        actions.append(Action("change" if old and not old.gone else "add", rows[-1]))
    for old in before.values():
        if old.gone and _settled(seen, old):
            continue
        rows.append(old.model_copy(update={"gone": True, "sequence": sequence, "said_at": now}))
        actions.append(Action("remove", rows[-1]))
    if not actions:
        return None
    others = [row for row in seen.ledger.rows if row.key != key and not (row.gone and row.ends_at < now - KEPT_FOR)]
    ledger = Ledger(sequence=sequence, rows=(*others, *rows))
    return Step(ledger, _all(ledger) if seen.whole else tuple(actions))


def _settled(seen: Seen, row: Row) -> bool:
    said = seen.said(row)
    return said is not None and said.taken


def _all(ledger: Ledger) -> tuple[Action, ...]:
    return tuple(Action("add", row) for row in ledger.rows if not row.gone)
