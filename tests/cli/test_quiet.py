"""While all is well the hub says nothing: what stands in its log is for somebody to read."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.client import Client, Refused
from tests.cli.test_serve import served
from tests.live import TOWN, UMEA, booked, until

BACKUP = "import sys; from hub.cli.main import main; sys.argv[1:1] = ['backup']; main()"


def body(number: str, *, court: int, **more: Any) -> bytes:
    return json.dumps(booked(number, court=court, after=60) | more).encode()


def test_an_afternoon_of_bookings_says_nothing_on_standard_error(tmp_path: Path) -> None:
    """From start to stop: codes, light on and off, a change, a cancellation, messages, a refusal and a backup."""
    words = (str(UMEA), "--simulate", "--clock", "2026-11-22T12:00+01:00", "--speed", "1200", "--json")
    with served(tmp_path, *words) as (process, said):
        address = json.loads("".join(said))["address"]
        with Client((tmp_path / "hub.operator-key").read_text().strip(), address) as client:
            town = client.at(TOWN)
            assert town.put_booking(body("Q-1", court=1), "Q-1", wait=20).credentials
            town.put_booking(body("Q-2", court=2), "Q-2")
            town.put_booking(body("Q-2", court=3, revision=2), "Q-2")
            town.put_booking(body("Q-2", court=3, revision=3, status="cancelled"), "Q-2")
            with pytest.raises(Refused):
                town.put_booking(body("Q-3", court=99), "Q-3")
            until(lambda: set(town.status().effects) == {"removed", "done", "withdrawn"}, "all is over and put out")
            proofs = {one.target.partition("/")[0]: one.proof for one in town.get_booking("Q-1").effects}
            assert proofs.items() >= {"arx-tennishallen": "read", "mqtt-tennishallen": "read"}.items()
            assert town.status().problems == 0
        command = [sys.executable, "-c", BACKUP, str(tmp_path / "night.zip"), "--database"]
        subprocess.run([*command, f"sqlite:///{tmp_path}/hub.db"], check=True, capture_output=True)
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "", "")
