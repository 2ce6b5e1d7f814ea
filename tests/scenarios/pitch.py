"""A pitch of two halves with lights over MQTT: the folder of a municipality of its own, made from the example's."""

import re
import shutil
from pathlib import Path

from tests.scenarios.plays import FOLDER

_ZONE = """
    connection: mqtt-plan
    capability: lighting
    kind: dim
    lead_minutes: 0
    lag_minutes: 0"""
_FACILITY = f"""
name: Planen
resources:
  plan.hela: {{name: Helplan, kind: place, parts: [plan.a, plan.b]}}
  plan.a: {{name: Halvplan A, kind: place, parts: []}}
  plan.b: {{name: Halvplan B, kind: place, parts: []}}
zones:
  a:{_ZONE}
    key: a
    serves: [plan.a]
    levels: {{default: 60, match: 100}}
  b:{_ZONE}
    key: b
    serves: [plan.b]
    levels: {{default: 60, match: 100}}
  gang:{_ZONE}
    key: gang
    serves: all
    levels: {{default: 30}}
"""


def pitch(folder: Path) -> Path:
    """Write the folder; gives it."""
    (folder / "connections").mkdir(parents=True)
    (folder / "facilities").mkdir()
    told = (FOLDER / "municipality.yaml").read_text(encoding="utf-8")
    elsewhere = re.sub(r" +by_facility:\n( +)konstgras: .*\n", "", told)
    (folder / "municipality.yaml").write_text(elsewhere, encoding="utf-8")
    lamps = (
        (FOLDER / "connections" / "mqtt-kulturhuset.yaml")
        .read_text()
        .replace("kulturhuset_sal: {}", "a: {}\n    b: {}\n    gang: {}")
    )
    (folder / "connections" / "mqtt-plan.yaml").write_text(lamps)
    for name in ("mail", "sms", "peppol", "diarium"):
        shutil.copy(FOLDER / "connections" / f"{name}.yaml", folder / "connections")
    (folder / "facilities" / "plan.yaml").write_text(_FACILITY)
    return folder
