"""A made-up town with an arena of many rooms: each has a door, and each holder of a booking a code of their own.

So a booking of five holders is five effects in five lanes. Booking n is in room n modulo the rooms; codes are sent two
weeks ahead.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

KEY, CODES = "2480", "codes"
ROOMS = 250
HOLDERS = 5
AHEAD = timedelta(days=14)
"""How long before its window a code is sent."""
_ENTRY_POINTS = """\
[hub.connectors]
peers_codes = tests.bench.peers.connectors:Codes
peers_readable = tests.bench.peers.connectors:ReadableCodes
"""


def write(folder: Path, base_url: str, *, reads: bool = False) -> None:
    """Write the town's folder, whose locks are at the address, and beside it what offers its connectors."""
    connector = "peers_readable" if reads else "peers_codes"
    trees = {
        "municipality.yaml": {
            "key": KEY, "name": "Provköping", "time_zone": "Europe/Stockholm", "awaits": ["access"],
            "finance": {}, "registry": {}, "population": {}, "notify": {},
        },
        f"connections/{CODES}.yaml": {
            "connector": connector, "mode": "live", "push_horizon_days": AHEAD.days, "settings": {"base_url": base_url},
        },
        "facilities/arena.yaml": _arena(),
    }  # fmt: skip
    for name, tree in trees.items():
        path = folder / "town" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
    offered = folder / "offered" / "peers-1.dist-info"
    offered.mkdir(parents=True)
    (offered / "METADATA").write_text("Metadata-Version: 2.1\nName: peers\nVersion: 1\n")
    (offered / "entry_points.txt").write_text(_ENTRY_POINTS)


def booking(number: int, *, starts_at: datetime | None = None, holders: int = HOLDERS) -> dict[str, Any]:
    """Booking n; without a time it is one of the coming days, each on its own, whose codes are sent at once."""
    hours, room = divmod(number, ROOMS)
    starts = starts_at or _tomorrow() + timedelta(hours=hours % (24 * (AHEAD.days - 3)))
    return {
        "number": f"A-{number:09d}",
        "revision": 1,
        "status": "confirmed",
        "customer": {"kind": "association", "organisation_number": "802400-0005", "name": "Umeå Badmintonklubb"},
        "occasions": [
            {
                "id": "1", "resource": f"arena.room-{room}", "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(hours=1)).isoformat(), "activity": "training",
                "holders": [
                    {"name": f"Lena Norberg {n}", "phone": "+46701740606", "credential": {"kind": "pin"}}
                    for n in range(holders)
                ],
            }
        ],
        "charges": [],
        "payment": {"kind": "free"},
        "notify": [],
    }  # fmt: skip


def body(number: int, **more: Any) -> bytes:
    """The same, as it is sent."""
    return json.dumps(booking(number, **more), ensure_ascii=False).encode()


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
