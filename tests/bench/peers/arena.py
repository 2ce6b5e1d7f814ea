"""A made-up town with an arena of many rooms: each has a door, and each holder of a booking a code of their own.

So a booking of five holders is five effects in five lanes. Booking n is in room n modulo the rooms; codes are sent two
weeks ahead.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from tests.bench import town

CODES = "codes"
ROOMS = 250
HOLDERS = 5
AHEAD = timedelta(days=14)
"""How long before its window a code is sent."""
_ENTRY_POINTS = """\
peers_codes = tests.bench.peers.connectors:Codes
peers_readable = tests.bench.peers.connectors:ReadableCodes
peers_mqtt = tests.bench.peers.connectors:MqttCodes
"""


@dataclass(frozen=True)
class Locks:
    """What opens the doors: a connector, and its settings."""

    connector: str
    settings: Mapping[str, object]

    @classmethod
    def over_http(cls, base_url: str, *, reads: bool = False) -> Self:
        """At an address; `reads`: each code is read back."""
        return cls("peers_readable" if reads else "peers_codes", {"base_url": base_url})


def write(folder: Path, locks: Locks, *, halls: bool = False) -> None:
    """Write the town's folder, and beside it what offers its connectors; `halls`: with those of `tests.bench.town`."""
    trees = town.files() if halls else {}
    trees |= {
        "municipality.yaml": {
            "key": town.KEY, "name": "Provköping", "time_zone": "Europe/Stockholm", "awaits": ["access"],
            "finance": {}, "registry": {}, "population": {}, "notify": {"vaktmastare": {}},
        },
        f"connections/{CODES}.yaml": {
            "connector": locks.connector, "mode": "live", "push_horizon_days": AHEAD.days,
            "settings": dict(locks.settings),
        },
        "facilities/arena.yaml": _arena(),
    }  # fmt: skip
    town.write_files(folder, trees, town.ENTRY_POINTS + _ENTRY_POINTS)


def number(n: int) -> str:
    """The number of booking n."""
    return f"A-{n:09d}"


def booking(n: int, *, starts_at: datetime | None = None, holders: int = HOLDERS) -> dict[str, Any]:
    """Booking n; without a time it is one of the coming days, each on its own, whose codes are sent at once."""
    hours, room = divmod(n, ROOMS)
    starts = starts_at or _tomorrow() + timedelta(hours=hours % (24 * (AHEAD.days - 3)))
    return {
        "number": number(n),
        "revision": 1,
        "status": "confirmed",
        "customer": {"kind": "association", "organisation_number": "802400-0005", "name": "Umeå Badmintonklubb"},
        "occasions": [
            {
                "id": "1", "resource": f"arena.room-{room}", "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(hours=1)).isoformat(), "activity": "training",
                "holders": [
                    {"name": f"Lena Norberg {holder}", "phone": "+46701740606", "credential": {"kind": "pin"}}
                    for holder in range(holders)
                ],
            }
        ],
        "charges": [],
        "payment": {"kind": "free"},
        "notify": [],
    }  # fmt: skip


def body(n: int, **more: Any) -> bytes:
    """The same, as it is sent."""
    return json.dumps(booking(n, **more), ensure_ascii=False).encode()


def _tomorrow() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _arena() -> dict[str, Any]:
    rooms, times = [f"arena.room-{n}" for n in range(ROOMS)], {"lead_minutes": 0, "lag_minutes": 0}
    return {
        "name": "Arenan",
        "resources": {
            "arena.whole": {"name": "Hela", "kind": "place", "parts": rooms},
            **{room: {"name": room, "kind": "place", "parts": []} for room in rooms},
        },
        "access": {
            "connection": CODES,
            "credential": {
                "strategy": "per_holder", "pin": {"length": 8, "leading_zero": True, "quarantine_days": 30},
            },
            "doors": {
                f"ROOM-{n}": {"key": f"arena {n}", "serves": [room], **times} for n, room in enumerate(rooms)
            },
        },
        "zones": {},
    }  # fmt: skip
