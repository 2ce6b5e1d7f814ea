"""A made-up town: halls of six courts, each with its own light, all with a common corridor, entrance and outer door.

Booking n is an hour on a court that no other booking has at that time: five claims, one PIN, one invoice line.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from hub.model.configuration import Configuration

KEY, LEDGER = "2480", "ledger"
HALLS, COURTS, HOURS = 20, 6, 8000
LARGEST = HALLS * COURTS * HOURS
"""As many bookings can be without two at the same time."""
BEGINS = datetime(2027, 6, 1, 6, tzinfo=UTC)
"""The first hour; so far ahead that nothing is to be sent."""

ENTRY_POINTS = """\
[hub.connectors]
bench_locks = tests.bench.connectors:Locks
bench_lamps = tests.bench.connectors:Lamps
"""


def configuration() -> Configuration:
    """The town's configuration with an invoice for each booking: no connector takes one yet, so no folder says so."""
    trees = files()
    trees["municipality.yaml"]["finance"] = {"connection": LEDGER}
    trees[f"connections/{LEDGER}.yaml"] = _connection("bench_ledger")
    facilities = {name[11:-5]: tree for name, tree in trees.items() if name.startswith("facilities/")}
    connections = {name[12:-5]: tree for name, tree in trees.items() if name.startswith("connections/")}
    return Configuration.model_validate(
        {"municipality": trees["municipality.yaml"], "connections": connections, "facilities": facilities}
    )


def write(folder: Path) -> None:
    """Write the town's folder, and beside it what offers its connectors."""
    write_files(folder, files(), ENTRY_POINTS)


def write_files(folder: Path, trees: Mapping[str, Any], entry_points: str) -> None:
    """Write a town's folder of these trees, and beside it what offers these connectors."""
    for name, tree in trees.items():
        path = folder / "town" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
    offered = folder / "offered" / "bench-1.dist-info"
    offered.mkdir(parents=True)
    (offered / "METADATA").write_text("Metadata-Version: 2.1\nName: bench\nVersion: 1\n")
    (offered / "entry_points.txt").write_text(entry_points)


def raw_booking(number: int) -> dict[str, Any]:
    """Booking n of the town."""
    starts = BEGINS + timedelta(hours=number % HOURS)
    hall, court = number // HOURS % HALLS, number // HOURS // HALLS % COURTS
    return {
        "number": f"B-{number:09d}",
        "revision": 1,
        "status": "confirmed",
        "customer": {
            "kind": "association", "organisation_number": "802400-0005", "name": "Umeå Badmintonklubb, ungdom",
            "email": "kansli@example.se", "phone": "+46701740605",
        },
        "occasions": [
            {
                "id": "1", "resource": f"hall-{hall}.court-{court}", "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(hours=1)).isoformat(), "activity": "training",
                "holders": [
                    {"name": f"Lena Norberg {n}", "phone": "+46701740606", "credential": {"kind": "pin"}}
                    for n in range(4)
                ],
            }
        ],
        "charges": [
            {
                "id": "c1", "occasion": "1", "article": "BADM-60", "quantity": "1", "unit_price": "120.00",
                "vat": "exempt", "text": "Badmintonbana 60 min, ungdom, vardag kväll",
            }
        ],
        "payment": {"kind": "invoice"},
        "notify": ["vaktmastare"],
    }  # fmt: skip


def line(number: int) -> bytes:
    """The same, as a line."""
    return json.dumps(raw_booking(number), ensure_ascii=False).encode() + b"\n"


def write_lines(path: Path, count: int, first: int = 0) -> None:
    """Write that many bookings, one a line."""
    with path.open("wb") as file:
        file.writelines(line(number) for number in range(first, first + count))


def files() -> dict[str, Any]:
    """The files of its folder, as trees."""
    nobody: dict[str, Any] = {}
    return {
        "municipality.yaml": {
            "key": KEY, "name": "Provköping", "time_zone": "Europe/Stockholm", "awaits": ["access"],
            "finance": nobody, "registry": nobody, "population": nobody,
            "notify": {"vaktmastare": {}},
        },
        **{f"connections/{name}.yaml": _connection(f"bench_{name}") for name in ("locks", "lamps")},
        **{f"facilities/hall-{hall}.yaml": _facility(hall) for hall in range(HALLS)},
    }  # fmt: skip


def _connection(connector: str) -> dict[str, Any]:
    return {"connector": connector, "mode": "live", "push_horizon_days": 14, "settings": {}}


def _facility(hall: int) -> dict[str, Any]:
    places = [f"hall-{hall}.court-{n}" for n in range(COURTS)]
    times = {"lead_minutes": 15, "lag_minutes": 10}
    doors = {"OUTER": {"key": f"hall-{hall} outer", "serves": "all", **times}}
    doors |= {f"COURT-{n}": {"key": f"hall-{hall} {n}", "serves": [place], **times} for n, place in enumerate(places)}
    return {
        "name": f"Hall {hall}",
        "resources": {
            f"hall-{hall}.whole": {"name": "Hela", "kind": "place", "parts": places},
            **{place: {"name": place, "kind": "place", "parts": []} for place in places},
        },
        "access": {
            "connection": "locks",
            "credential": {
                "strategy": "per_booking", "pin": {"length": 6, "leading_zero": False, "quarantine_days": 30},
            },
            "doors": doors,
        },
        "zones": {
            **{f"court-{n}": _zone(f"{hall}-{n}", [place], times) for n, place in enumerate(places)},
            "corridor": _zone(f"{hall}-corridor", "all", times),
            "entrance": _zone(f"{hall}-entrance", "all", times),
        },
    }  # fmt: skip


def _zone(key: str, serves: object, times: dict[str, int]) -> dict[str, Any]:
    return {
        "connection": "lamps", "key": key, "capability": "lighting", "serves": serves, "kind": "dim",
        "levels": {"default": 60, "training": 60, "match": 100}, **times,
    }  # fmt: skip
