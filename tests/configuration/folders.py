"""Folders to read: the example, and a small one whose connectors are made here."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, SecretStr

from hub.configuration import Finding, Read, Severity, read_files, read_folder
from hub.discovery import load_connector
from hub.model import Message, Quantity
from hub.model.frozen import Frozen
from hub.model.zone import Dim
from hub.sdk import (
    AccessControl,
    AccessLimits,
    Chooser,
    Connector,
    ConnectorConfig,
    Control,
    ControlLimits,
    Extra,
    Hears,
    Pace,
    PinRules,
    RawItem,
)

UMEA = Path(__file__).parents[2] / "examples" / "umea"

load = cache(load_connector)
"""The connectors that are installed, each looked up once."""


@cache
def umea() -> dict[str, str]:
    """The example's files."""
    return dict(read_folder(UMEA, load_class=load).files)


class StubConfig(ConnectorConfig):
    """Settings with a secret, a number and a list of keys."""

    host: str = Field(description="where")
    port: int = Field(default=1, description="which port")
    password: SecretStr | None = Field(default=None, description="secret")
    zones: dict[str, str] = Field(default_factory=dict, description="keys")


class StubLock(Connector[StubConfig], AccessControl):
    """A lock that takes short PINs."""

    access_limits = AccessLimits(pin=PinRules(lengths=range(4, 6), leading_zero=False))


class ChoosyLock(Connector[StubConfig], AccessControl):
    """A lock that makes its PINs itself."""

    access_limits = AccessLimits(pin=PinRules(chosen_by=frozenset({Chooser.SYSTEM})))


class StubLamp(Connector[StubConfig], Control):
    """Lamps that dim, by the keys in their settings."""

    control_limits = ControlLimits(levels=frozenset({Dim}))

    @classmethod
    def configured_keys(cls, config: StubConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    @classmethod
    def off_timer(cls, config: StubConfig, key: str) -> timedelta | None:
        """An hour, but where the settings say that there is none."""
        return None if config.zones.get(key) == "stays" else timedelta(hours=1)


class Owner(Frozen):
    """Whose it is."""

    name: str
    phone: str = ""


class OwnedConfig(StubConfig):
    """Settings with some of their own inside."""

    zones: dict[str, Any] = Field(default_factory=dict, description="keys")
    owner: Owner = Field(description="whose it is")


class OwnedLamp(Connector[OwnedConfig], Control):
    """Lamps that belong to somebody."""

    control_limits = ControlLimits(levels=frozenset({Dim}))


class SensingLamp(StubLamp, Hears):
    """Lamps with a meter and a sensor of people beside them."""

    @classmethod
    def configured_sensors(cls, config: StubConfig) -> dict[str, frozenset[Quantity]]:
        """Always these."""
        del config
        return {"kwh": frozenset({Quantity.ENERGY}), "pir": frozenset({Quantity.OCCUPANCY})}

    def translate(self, item: RawItem) -> Iterable[Message]:
        """Nothing."""
        del item
        return ()


class SlowLamp(StubLamp):
    """Lamps that may take more than half a lease."""

    pace = Pace(lands_within=timedelta(seconds=31))


class PacedLamp(StubLamp):
    """Lamps that are told a thing a second."""

    pace = Pace(calls_per_minute=60)


class BareLamp(StubLamp):
    """A lamp that needs what is not installed."""

    extra = Extra("modem", needs="no_such_module")


class WholeLamp(StubLamp):
    """One that needs what is."""

    extra = Extra("modem", needs="json")


STUBS: dict[str, Any] = {
    "bare": BareLamp,
    "whole": WholeLamp,
    "lock": StubLock,
    "choosy": ChoosyLock,
    "lamp": StubLamp,
    "slow": SlowLamp,
    "paced": PacedLamp,
    "grouped": OwnedLamp,
    "sensing": SensingLamp,
}


def load_stub(name: str) -> type[Connector[Any]]:
    """A stub by its name."""
    found: type[Connector[Any]] = STUBS[name]
    return found


SMALL: dict[str, Any] = {
    "municipality.yaml": {
        "key": "2480", "name": "Provköping", "time_zone": "Europe/Stockholm", "awaits": ["access"],
        "retention": {"decision": "FN 2027/14", "bookings_days": 730, "intake_days": 90, "attendance_days": 3650,
                      "passages_days": 90, "readings_days": 730, "documents_days": 90},
        "finance": {}, "registry": {}, "population": {}, "notify": {}, "booker": {},
    },
    "connections/locks.yaml": {
        "connector": "lock", "mode": "live", "push_horizon_days": 30,
        "settings": {"host": "lock.example", "port": 1, "password": "${env:LOCK}", "zones": {}},
    },
    "connections/lamps.yaml": {
        "connector": "lamp", "mode": "live", "push_horizon_days": 30,
        "settings": {"host": "lamp.example", "port": 1, "password": None, "zones": {"court": "x"}},
    },
    "facilities/hall.yaml": {
        "name": "Hallen",
        "resources": {
            "hall.whole": {"name": "Hela", "kind": "place", "parts": ["hall.court"]},
            "hall.court": {"name": "Bana", "kind": "place", "parts": []},
            "hall.machine": {"name": "Bollmaskin", "kind": "equipment"},
        },
        "access": {
            "connection": "locks",
            "credential": {
                "strategy": "per_booking", "pin": {"length": 5, "leading_zero": False, "quarantine_days": 30},
            },
            "doors": {"OUTER": {"key": "outer", "serves": ["hall.court"], "lead_minutes": 15, "lag_minutes": 15}},
        },
        "zones": {
            "court": {
                "connection": "lamps", "key": "court", "capability": "lighting", "kind": "dim",
                "serves": ["hall.court"],
                "lead_minutes": 5, "lag_minutes": 10, "levels": {"default": 60, "match": 100},
            }
        },
    },
}  # fmt: skip
"""A folder with nothing wrong; unserved are only the municipality's duties."""


def small() -> dict[str, Any]:
    """The small folder, to be changed."""
    return deepcopy(SMALL)


def at(tree: Any, *path: str | int) -> Any:
    """What stands at a path."""
    for step in path:
        tree = tree[step]
    return tree


def written(trees: dict[str, Any]) -> dict[str, str]:
    """The folder as texts."""
    return {
        file: tree if isinstance(tree, str) else yaml.safe_dump(tree, sort_keys=False) for file, tree in trees.items()
    }


def read(trees: dict[str, Any]) -> Read:
    """The folder, read with the stubs."""
    return read_files(written(trees), load_class=load_stub)


def with_code(found: Read, code: str) -> list[Finding]:
    """Its findings of one code."""
    return [finding for finding in found.findings if finding.code == code]


def the_error(found: Read, code: str) -> Finding:
    """Its one error, of that code."""
    errors = [finding for finding in found.findings if finding.severity is Severity.ERROR]
    assert [error.code for error in errors] == [code], errors
    return errors[0]


def the_warning(found: Read, code: str) -> Finding:
    """Its one warning of that code; there are no errors."""
    assert found.ok, found.findings
    (warning,) = with_code(found, code)
    return warning


def whole() -> dict[str, str]:
    """What the example has no use for: files that go in its place or beside it, so that every key there is is written.

    Named `whole/...`, for some stand in the place of others.
    """
    municipality = """\
key: "2480"
name: Umeå kommun
time_zone: Europe/Stockholm
awaits: [access]
retention: {decision: "FN 2027/14", bookings_days: 730, intake_days: 90, attendance_days: 3650, passages_days: 90,
  readings_days: 730, documents_days: 90}
finance:
  connection: peppol
  charging:
    terms_days: 30
    whole_kronor: true
    customers:
      association: {when: monthly, days_after: 5, connection: peppol}
    accounting:
      default: {konto: "3419"}
registry:
  documents:
    authorities:
      Fritidsnämnden: {series: FRI}
    neutral_title: Handling
    overdue_hours: 4
    bookings:
      authority: Fritidsnämnden
      preliminary: {title: "Ansökan {number}", direction: incoming}
      confirmed: {title: "Beslut {number}", direction: outgoing}
      cancelled: {title: "Återkallad {number}", direction: incoming}
population: {production: true, test_numbers: /etc/knutpunkt/testpersonnummer.csv, per_day: 500, cache_minutes: 10}
notify:
  vaktmastare:
    email: {connection: mail, to: vaktmastare@umea.example, by_facility: {konstgras: konstgras@umea.example}}
    sms: {connection: sms, to: "+46701740610", by_facility: {konstgras: "+46701740611"}}
    language: en
    when: [new, cancelled]
    always: true
    resources: [tennishallen, konstgras.helplan]
    quiet_hours: {from: "21:00", until: "06:30"}
    digest: {at: "07:00", weekdays: [monday]}
booker:
  email: {connection: mail}
  sms: {connection: sms}
  language: sv
  when: [new]
  resources: [tennishallen]
  quiet_hours: {from: "22:00", until: "06:00"}
  contact: bokning@umea.example
  tell_code: true
webhooks: {allow: [core.umea.example]}
"""
    lists = """\
connector: mapped_files
mode: live
settings: {}
reconcile_hours: 12
pace: {calls_at_once: 1, calls_per_minute: 20, clients_at_once: 1}
maintenance: [{weekdays: [tuesday], from: "02:00", until: "04:30"}]
proxy: http://proxy.umea.example:3128
ca_file: /etc/ssl/umea.pem
client_certificate: {certificate: /etc/knutpunkt/hub.pem, key: /etc/knutpunkt/hub.key, password: "${env:KEY_PASSWORD}"}
credentials_expire: "2027-03-01"
arrives:
  every_minutes: 10
  folder: {path: /var/lists, pattern: "*.csv", archive: /var/lists/read, errors: /var/lists/bad, settle_seconds: 10}
  sftp:
    host: files.umea.example
    port: 22
    username: knutpunkt
    password: ${env:SFTP_PASSWORD}
    private_key_file: /etc/knutpunkt/sftp
    host_key: ssh-ed25519 AAAA
    path: out
    pattern: "*.csv"
    archive: read
    errors: bad
    settle_seconds: 60
mapping: attendance-csv
"""
    rink = """\
name: Ishallen
position: {latitude: 63.83, longitude: 20.25}
resources:
  ishallen.is: {name: Is, kind: place, parts: []}
access:
  connection: arx-tennishallen
  credential:
    strategy: per_association
    pin: {length: 6, leading_zero: false, quarantine_days: 30, alphabet: "0123456789"}
    changes_on: 09-01
  doors:
    IS-ENTRE: {key: Ishallen entre, serves: all, lead_minutes: 15, lag_minutes: 15}
  fallback:
    - {minutes_before: 45, tell: vaktmastare}
zones:
  is:
    key: is
    capability: lighting
    serves: all
    kind: dim
    levels: {default: 60}
    lead_minutes: 0
    lag_minutes: 0
    restrike_minutes: 15
    only_when_dark: {margin_minutes: 20}
    latest_off: {at: "22:00", until: "06:00", evenings: {friday: "23:00", sunday: null}}
    tail: {minutes: 10, level: 20}
    warning: {minutes_before: 5, seconds: 10, level: 30}
    empty_after_minutes: 20
    unbooked_after_minutes: 15
  luft:
    key: luft
    capability: climate
    serves: all
    kind: dim
    levels: {default: 60}
    lead_minutes: 0
    lag_minutes: 0
    purge: {minutes: 20, level: 100}
sensors:
  ljus: {connection: lists, key: lux-1, quantity: lux, zone: is, lit_above: 100}
  folk: {connection: lists, key: pir-1, quantity: occupancy, resource: ishallen.is}
"""
    return {
        "whole/municipality.yaml": municipality,
        "whole/connections/lists.yaml": lists,
        "whole/facilities/ishallen.yaml": rink,
    }
