"""Builders: a small town, and bookings in it, in few words."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from hub.model.booking import Booking
from hub.model.configuration import Configuration
from hub.planner.rules import Rules, compiled

SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""Noon, 13:00 in Stockholm; the moment that most tests count from."""


def mark(words: str) -> str:
    """A keyed hash with a key that everybody knows."""
    return hashlib.blake2b(words.encode(), key=b"tests", digest_size=8).hexdigest()


def a_town(
    *,
    key: str = "2480",
    courts: int = 3,
    lead: int = 15,
    lag: int = 10,
    strategy: str = "per_booking",
    finance: str | None = None,
    horizon_days: int = 14,
    connectors: Mapping[str, Mapping[str, Any]] | None = None,
    told: Sequence[str] = (),
    charging: Mapping[str, Any] | None = None,
    roles: Mapping[str, Mapping[str, Any]] | None = None,
    booker: Mapping[str, Any] | None = None,
    population: Mapping[str, Any] | None = None,
    registry: Mapping[str, Any] | None = None,
    eservice: str | None = None,
) -> Configuration:
    """One hall: each court has its own light; all share a corridor, an entrance and the outer door."""
    places = [f"hall.court-{n}" for n in range(1, courts + 1)]
    zone = {"connection": "lamps", "capability": "lighting", "kind": "dim", "lead_minutes": lead, "lag_minutes": lag}
    door = {"lead_minutes": lead, "lag_minutes": lag}
    levels = {"default": 60, "training": 60, "match": 100}
    connection: dict[str, Any] = {"mode": "live", "push_horizon_days": horizon_days, "settings": {}}
    chosen = connectors or {}
    facility = {
        "name": "Hallen",
        "resources": {
            "hall.whole": {"name": "Hela", "kind": "place", "parts": places},
            **{place: {"name": place, "kind": "place"} for place in places},
            "hall.machine": {"name": "Bollmaskin", "kind": "equipment"},
        },
        "access": {
            "connection": "locks",
            "credential": {
                "strategy": strategy,
                "pin": {"length": 5, "leading_zero": False, "quarantine_days": 7},
                "changes_on": "09-01" if strategy == "per_association" else None,
            },
            "doors": {
                "OUTER": door | {"key": "outer", "serves": "all"},
                "INNER": door | {"key": "inner", "serves": places[:2]},
            },
        },
        "zones": {
            **{
                f"court-{n}": zone | {"key": f"court-{n}", "serves": [p], "levels": levels}
                for n, p in enumerate(places, 1)
            },
            "corridor": zone | {"key": "corridor", "serves": "all", "levels": {"default": 60}},
            "entrance": zone | {"key": "entrance", "serves": "all", "levels": {"default": 80}},
        },
    }
    town: dict[str, Any] = {
        "key": key,
        "name": "Provköping",
        "time_zone": "Europe/Stockholm",
        "awaits": ["access"],
        "notify": {"vaktmastare": {}},
    }
    if finance:
        town["finance"] = {"connection": finance, "charging": dict(charging or {})}
    connections = {
        "locks": connection | {"connector": "test_locks"} | dict(chosen.get("locks", {})),
        "lamps": connection | {"connector": "test_lamps"} | dict(chosen.get("lamps", {})),
    }
    if told:
        town["notify"] = {
            role: {"email": {"connection": "mail", "to": f"{role}@kommun.example"}, **dict(more.get(role, {}))}
            for role, more in ((role, roles or {}) for role in told)
        }
        connections["mail"] = connection | {"connector": "test_mail"} | dict(chosen.get("mail", {}))
    if booker:
        town["booker"] = dict(booker)
    if booker or roles:
        connections["mail"] = connection | {"connector": "test_mail"} | dict(chosen.get("mail", {}))
        connections["sms"] = connection | {"connector": "test_sms"} | dict(chosen.get("sms", {}))
    if population is not None:
        town["population"] = {"connection": "people"} | dict(population)
        connections["people"] = connection | {"connector": "FakeRegister"} | dict(chosen.get("people", {}))
    if finance:
        connections[finance] = connection | {"connector": "test_finance"} | dict(chosen.get(finance, {}))
    if registry is not None:
        town["registry"] = {"connection": "diary"} | dict(registry)
        connections["diary"] = connection | {"connector": "test_registry"} | dict(chosen.get("diary", {}))
    if eservice:
        connections["eservice"] = connection | {"connector": eservice} | dict(chosen.get("eservice", {}))
    return Configuration.model_validate(
        {"municipality": town, "connections": connections, "facilities": {"hall": facility}}
    )


def files_of(town: Configuration) -> dict[str, str]:
    """The town as a folder's files, as the database stores a version."""
    files: dict[str, Any] = {"municipality.yaml": town.municipality}
    files |= {f"connections/{name}.yaml": connection for name, connection in town.connections.items()}
    files |= {f"facilities/{name}.yaml": facility for name, facility in town.facilities.items()}
    return {
        name: yaml.safe_dump(value.model_dump(mode="json", exclude_none=True), sort_keys=False)
        for name, value in files.items()
    }


def rules(configuration: Configuration | None = None, *, version: int = 1) -> Rules:
    """The town's rules."""
    return compiled(configuration or a_town(), mark=mark, version=version)


def occasion(
    resource: str = "hall.court-1",
    *,
    id: str = "1",  # noqa: A002 - the field's own name
    after: float = 0,
    minutes: float = 60,
    activity: str = "training",
    holders: Sequence[Mapping[str, Any]] | None = None,
    since: datetime = SATURDAY,
) -> dict[str, Any]:
    """An occasion that starts `after` minutes from noon."""
    starts = since + timedelta(minutes=after)
    return {
        "id": id,
        "resource": resource,
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(minutes=minutes)).isoformat(),
        "activity": activity,
        "holders": [a_holder()] if holders is None else list(holders),
    }


def a_holder(name: str = "Lena Norberg", **more: Any) -> dict[str, Any]:
    """A holder with a PIN, unless told otherwise."""
    return {"name": name, "phone": "+46701740606", "credential": {"kind": "pin"}} | more


def raw_booking(number: str = "B-1", revision: int = 1, **more: Any) -> dict[str, Any]:
    """A booking as it comes in: one court for an hour, with one holder."""
    booking: dict[str, Any] = {
        "number": number,
        "revision": revision,
        "status": "confirmed",
        "customer": {
            "kind": "association", "organisation_number": "802400-0005", "name": "Provköpings Badmintonklubb",
            "email": "kansli@example.se", "phone": "+46701740605",
        },
        "occasions": [occasion()],
        "payment": {"kind": "free"},
    }  # fmt: skip
    return booking | more


def a_booking(number: str = "B-1", revision: int = 1, **more: Any) -> Booking:
    """The same, read."""
    return Booking.model_validate(raw_booking(number, revision, **more))


def a_charge(**more: Any) -> dict[str, Any]:
    """An hour of badminton."""
    charge = {"occasion": "1", "article": "BADM-60", "text": "Badmintonbana 60 min", "vat": "exempt"}
    return charge | {"quantity": "1", "unit_price": "120.00"} | more


def raw_document(**more: Any) -> dict[str, Any]:
    """An association's application, as it comes in, with one file."""
    document: dict[str, Any] = {
        "title": "Ansökan om föreningsbidrag",
        "direction": "incoming",
        "received_at": "2026-11-20T22:59:10Z",
        "counterpart": {"kind": "association", "name": "Provköpings Badmintonklubb"},
        "files": [a_file()],
    }
    return document | more


def a_file(name: str = "ansökan.pdf", content: bytes = b"%PDF-1.7", **more: Any) -> dict[str, Any]:
    """A file in base64."""
    return {"name": name, "media_type": "application/pdf", "content": base64.b64encode(content).decode()} | more
