"""The municipality that the canary lives in: one hall, and a connection of every kind that is told about persons."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from connectors.access_arx.simulator import PASSWORD as ARX_PASSWORD
from connectors.access_arx.simulator import ArxSimulator
from connectors.notify_sms.simulator import GatewaySimulator
from connectors.notify_smtp.simulator import MailSimulator
from connectors.population_spar.simulator import SparSimulator
from connectors.registry_p360.simulator import P360Simulator
from hub.clock import Clock
from hub.sdk import HttpSimulator
from tests.canary.counterparts import Front, Fronts, with_login
from tests.canary.planted import Planted

TOWN, DOOR = "2480", "Hallen entre"
PIN_DIGITS = 8
"""As long as they may be: none stands anywhere by chance."""


class Systems:
    """What the connections lead to, and the secrets in them that the environment has."""

    def __init__(self, planted: Planted, clock: Clock, fronts: Fronts) -> None:
        self.arx, self.sms = ArxSimulator(clock, [DOOR]), GatewaySimulator(clock)
        self.diary, self.people = P360Simulator(clock), SparSimulator(clock)
        self.mail = MailSimulator(clock)
        self._settings = {
            "locks": dict(self.arx.config()), "sms": dict(self.sms.config()), "diary": dict(self.diary.config()),
            "people": dict(self.people.config()),
        }  # fmt: skip
        diary_key = str(self._settings["diary"]["authkey"])
        logins = {
            "locks": with_login(planted, "locks", str(self._settings["locks"]["user"]), ARX_PASSWORD),
            "sms": with_login(
                planted, "sms", str(self._settings["sms"]["user"]), str(self._settings["sms"]["password"])
            ),
            "diary": {f"authkey {planted.password('diary')}": f"authkey {diary_key}"},
        }
        systems: Mapping[str, HttpSimulator] = {
            "locks": self.arx, "sms": self.sms, "diary": self.diary, "people": self.people,
        }  # fmt: skip
        for name, system in systems.items():
            fronts.fronts[name] = Front(system, str(self._settings[name]["base_url"]), logins.get(name, {}))
        fronts.fronts["hook"] = Front(None)
        for name in ("locks", "sms"):
            planted.basic(name, str(self._settings[name]["user"]))
        self.environment = {f"CANARY_{name.upper()}": planted.password(name) for name in ("locks", "sms", "diary")}

    address = ""
    """Where they answer."""

    def settings(self, address: str) -> dict[str, dict[str, Any]]:
        """Of each connection over HTTP: leads here, its secret by reference."""
        told = {name: settings | {"base_url": f"{address}/{name}/"} for name, settings in self._settings.items()}
        told["locks"]["password"] = "${env:CANARY_LOCKS}"
        told["sms"]["password"] = "${env:CANARY_SMS}"
        told["diary"]["authkey"] = "${env:CANARY_DIARY}"
        return told


def folder(path: Path, systems: Systems, address: str) -> Path:
    """Write the municipality's folder."""
    told = systems.settings(address)
    outbox = path.parent / "counterparts" / "out"
    outbox.mkdir(parents=True)
    connectors = {
        "locks": ("access_arx", told["locks"]),
        "sms": ("notify_sms", told["sms"]),
        "diary": ("registry_p360", told["diary"]),
        "people": ("population_spar", told["people"]),
        "mail": ("notify_smtp", dict(systems.mail.config())),
        "ledger": ("finance_peppol", _ledger(outbox)),
        "lists": ("attendance_dak", {"dangling": "mark"}),
    }
    files: dict[str, Any] = {
        f"connections/{name}.yaml": {"connector": connector, "mode": "live", "settings": settings}
        for name, (connector, settings) in connectors.items()
    }
    files["connections/locks.yaml"]["push_horizon_days"] = 30
    files |= {"municipality.yaml": _MUNICIPALITY, "facilities/hallen.yaml": _HALL}
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def _ledger(outbox: Path) -> dict[str, Any]:
    supplier = {
        "name": "Provköpings kommun", "organisation_number": "212000-2627", "street": "Torget 1", "postcode": "90184",
        "city": "Provköping", "contact": "Bokningen", "email": "bokning@prov.example",
    }  # fmt: skip
    return {"supplier": supplier, "bankgiro": "5262-0127", "folder": str(outbox)}


_MUNICIPALITY = {
    "key": TOWN,
    "name": "Provköping",
    "time_zone": "Europe/Stockholm",
    "awaits": ["access"],
    "finance": {"connection": "ledger", "charging": {"terms_days": 30}},
    "registry": {"connection": "diary", "documents": {"authorities": {"Fritidsnämnden": {"series": "FRI"}}}},
    "population": {"connection": "people"},
    "notify": {"vaktmastare": {"email": {"connection": "mail", "to": "vakt@prov.example"}}},
    "booker": {
        "email": {"connection": "mail"}, "sms": {"connection": "sms"}, "contact": "bokning@prov.example",
        "tell_code": True,
    },
    "webhooks": {"allow": ["127.0.0.1"]},
}  # fmt: skip
_PIN = {"length": PIN_DIGITS, "leading_zero": False, "quarantine_days": 7}
_HALL = {
    "name": "Hallen",
    "resources": {
        "hallen.bana-1": {"name": "Bana 1", "kind": "place"},
        "hallen.bana-2": {"name": "Bana 2", "kind": "place"},
    },
    "access": {
        "connection": "locks",
        "credential": {"strategy": "per_holder", "pin": _PIN},
        "doors": {"ENTRE": {"key": DOOR, "serves": "all", "lead_minutes": 15, "lag_minutes": 10}},
    },
    "zones": {},
}
