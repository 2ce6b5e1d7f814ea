"""The town that is killed: two halls of eight courts, real locks and plain lamps, everything within seconds."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from hub.model.configuration import Configuration

TOWN = "2480"
LEASE = timedelta(seconds=2)
LANDS_WITHIN = timedelta(seconds=0.9)
TIMEOUT = timedelta(seconds=0.45)
KEPT_WITHIN = timedelta(seconds=1)
SILENCE_SECONDS = 1.0
"""How long the hub waits for an answer of its database."""
HORIZON_DAYS = 14

LOCKS, LAMPS, MAIL = "arx", "lamps", "mail"
STRATEGIES = {"norr": "per_booking", "söder": "per_holder"}
FACILITIES = {"norr": "norr", "söder": "soder"}
COURTS = 8
DOORS = ("Norr entré", "Norr omklädning", "Söder entré", "Söder omklädning")
"""Access categories of the lock system, in its own alphabet."""

ENTRY_POINTS = """\
[hub.connectors]
faults_arx = tests.faults.connectors:HastyArx
faults_lamps = tests.faults.connectors:Lamps
faults_mail = tests.faults.connectors:HastyMail
faults_mqtt = tests.faults.connectors:HastyMqtt
"""
"""By this door strangers' connectors come in, and these too."""


def courts() -> list[str]:
    """Every court that can be booked."""
    return [f"{name}.bana-{n}" for name in FACILITIES.values() for n in range(1, COURTS + 1)]


def zone_keys() -> list[str]:
    """Every lamp."""
    return [zone["key"] for name in FACILITIES for zone in _facility(name)["zones"].values()]


def configuration(port: int) -> Configuration:
    """The configuration, as the hub reads it from its folder."""
    files = _files(port)
    return Configuration.model_validate(
        {
            "municipality": files["municipality.yaml"],
            "connections": {name: files[f"connections/{name}.yaml"] for name in (LOCKS, LAMPS)},
            "facilities": {name: files[f"facilities/{name}.yaml"] for name in FACILITIES.values()},
        }
    )


def write_town(folder: Path, port: int, broker: Mapping[str, object] | None = None) -> None:
    """Write the municipality's folder; its systems answer at the port. `broker`: where its lamps are, instead."""
    files = dict(_files(port))
    if broker:
        files[f"connections/{LAMPS}.yaml"] = _connection("faults_mqtt", broker)
    for name, tree in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))


def write_entry_points(folder: Path) -> None:
    """Offer the two connectors to whoever has the folder on its path."""
    offered = folder / "faults-1.dist-info"
    offered.mkdir(parents=True, exist_ok=True)
    (offered / "METADATA").write_text("Metadata-Version: 2.1\nName: faults\nVersion: 1\n")
    (offered / "entry_points.txt").write_text(ENTRY_POINTS)


def _files(port: int) -> Mapping[str, Any]:
    return {
        "municipality.yaml": {
            "key": TOWN, "name": "Provköping", "time_zone": "Europe/Stockholm", "awaits": ["access"],
            "finance": {}, "registry": {}, "population": {}, "notify": {}, "booker": {},
        },
        f"connections/{LOCKS}.yaml": _connection("faults_arx", {
            "base_url": f"http://127.0.0.1:{port}/arx/", "user": "hub", "password": "${env:ARX_PASSWORD}",
            "pin_format": "kode", "pin_prefix": "00", "card_format": "EM-kort", "export_verb": "GET",
            "whole_export": True,
        }),
        f"connections/{LAMPS}.yaml": _connection("faults_lamps", {"base_url": f"http://127.0.0.1:{port}/"}),
        **{f"facilities/{FACILITIES[name]}.yaml": _facility(name) for name in FACILITIES},
    }  # fmt: skip


def _connection(connector: str, settings: Mapping[str, object]) -> dict[str, Any]:
    return {
        "connector": connector, "mode": "live", "push_horizon_days": HORIZON_DAYS, "settings": dict(settings),
    }  # fmt: skip


def _facility(name: str) -> dict[str, Any]:
    short, title = FACILITIES[name], name.capitalize()
    places = [f"{short}.bana-{n}" for n in range(1, COURTS + 1)]
    at_once = {"lead_minutes": 0, "lag_minutes": 0}
    return {
        "name": f"{title}hallen",
        "resources": {
            f"{short}.hela": {"name": "Hela", "kind": "place", "parts": places},
            **{place: {"name": place, "kind": "place", "parts": []} for place in places},
        },
        "access": {
            "connection": LOCKS,
            "credential": {
                "strategy": STRATEGIES[name], "pin": {"length": 5, "leading_zero": False, "quarantine_days": 1},
            },
            "doors": {
                "YTTER": {"key": f"{title} entré", "serves": "all", **at_once},
                "INNER": {"key": f"{title} omklädning", "serves": places[:4], **at_once},
            },
        },
        "zones": {
            **{place.split(".")[1]: _zone(f"{short}-{n}", [place]) for n, place in enumerate(places, 1)},
            "korridor": _zone(f"{short}-korridor", "all"),
        },
    }  # fmt: skip


def _zone(key: str, serves: object) -> dict[str, Any]:
    return {
        "connection": LAMPS, "key": key, "capability": "lighting", "serves": serves, "kind": "dim",
        "levels": {"default": 60, "training": 60, "match": 100}, "lead_minutes": 0, "lag_minutes": 0,
    }  # fmt: skip
