"""A stranger's connector: made by one command, green at once, and configured without a change in the hub."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from hub.cli.main import knutpunkt
from tests.certifying.demo import ENTRY, installed, knut, made, ran
from tests.scenarios.plays import FOLDER

_BOOKED = """
import asyncio, json, sys
from pathlib import Path
from tests.scenarios.plays import at, booking, occasion, put
from hub.demo.stage import stage
import httpx

async def story(folder, home):
    async with stage(Path(folder), Path(home), at("2026-11-23 07:00"), 0) as (here, address, key):
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=f"{address}/v1/2480", headers=headers, timeout=40) as client:
            when = ("2026-11-23 18:00", "2026-11-23 19:00")
            told = await put(client, booking("B-1", occasion("tennishallen.bana-1", *when)), wait=10)
            stands = here.simulators.find("2480", "arx-tennishallen").credentials()
            print(json.dumps([told["credentials"][0]["value"], [one.value.get_secret_value() for one in stands]]))

asyncio.run(story(*sys.argv[1:]))
"""


def test_a_new_connector_is_green_installed_and_opens_a_door(tmp_path: Path) -> None:
    package = made(tmp_path)
    environment = installed(package)
    tests = ran(["-m", "pytest", "-q", "-p", "no:cacheprovider"], environment, package)
    assert tests.returncode == 0, tests.stdout
    assert " passed" in tests.stdout

    town = tmp_path / "town"
    shutil.copytree(FOLDER, town)
    lock = town / "connections" / "arx-tennishallen.yaml"
    settings = {"base_url": "https://locks.umea.example/api/", "token": "${env:DEMO_TOKEN}"}
    lock.write_text(yaml.safe_dump({"connector": ENTRY, "mode": "live", "push_horizon_days": 30, "settings": settings}))
    checked = knut("check", str(town), environment=environment, folder=tmp_path)
    assert checked.returncode == 0, checked.stdout

    home = tmp_path / "home"
    home.mkdir()
    booked = ran(["-c", _BOOKED, str(town), str(home)], environment, tmp_path)
    assert booked.returncode == 0, booked.stderr
    pin, stands = json.loads(booked.stdout.splitlines()[-1])
    assert pin.isdigit()
    assert stands == [pin]


def test_a_new_connector_is_certified_as_far_as_it_goes(tmp_path: Path) -> None:
    package = made(tmp_path)
    environment = installed(package)
    report = tmp_path / "report.md"
    told = knut("certify", "demo-lock", "--report", str(report), environment=environment, folder=tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{ENTRY}: tier operable" in told.stdout
    text = report.read_text()
    assert "Package demo-lock 0.1.0" in text
    assert "`confirmed-on-site`: no municipality has run it yet" in text
    assert "- refuses: it answers with a status" in text or "it answers with a status" in text


def test_a_package_of_two_connectors_has_a_certificate_for_each_by_its_own_tests(tmp_path: Path) -> None:
    package = made(tmp_path)
    environment = installed(package)
    (package / "demo_lock" / "other.py").write_text(
        "from demo_lock.connector import DemoLock\n\n\nclass OtherLock(DemoLock):\n"
        "    async def remove_credential(self, key):\n        raise KeyError(key)\n"
    )
    entries = package / "demo_lock-0.1.0.dist-info" / "entry_points.txt"
    entries.write_text(
        entries.read_text()
        .replace("[hub.simulators]", "access_other = demo_lock.other:OtherLock\n[hub.simulators]")
        .replace(
            "demo_lock.simulator:DemoLockSimulator",
            "demo_lock.simulator:DemoLockSimulator\naccess_other = demo_lock.simulator:DemoLockSimulator",
        )
    )
    told = knut("certify", "demo-lock", environment=environment, folder=tmp_path)
    assert told.returncode == 1
    assert f"{ENTRY}: tier operable" in told.stdout
    assert "access_other: tier -" in told.stdout
    assert "  test_removing_what_is_not_there_is_harmless: " in told.stdout, "each failure is told"
    live = knut("certify", "demo-lock", "--live", "--settings", "/dev/null", environment=environment, folder=tmp_path)
    assert live.returncode == 2
    assert "name one of them: access_demo_lock, access_other" in live.stderr


def test_a_broken_connector_gets_no_certificate_and_is_told_why(tmp_path: Path) -> None:
    package = made(tmp_path)
    client = package / "demo_lock" / "client.py"
    broken = client.read_text().replace("answer.read(Removed.model_validate_json)", "pass")
    assert broken != client.read_text()
    client.write_text(broken)
    told = knut("certify", ENTRY, environment=installed(package), folder=tmp_path)
    assert told.returncode == 1, told.stdout
    assert f"{ENTRY}: tier -" in told.stdout
    assert "runs/four-errors: failed: test_the_doors_are_right_whichever_call_fails" in told.stdout


def test_every_rule_of_quality_stands_in_the_new_quality_file(tmp_path: Path) -> None:
    quality = tomllib.loads((made(tmp_path) / "demo_lock" / "quality.toml").read_text())
    rules = tomllib.loads(Path("hub/conformance/rules.toml").read_text())
    assert {tier: set(quality[tier]) for tier in rules} == {tier: set(rules[tier]) for tier in rules}


@pytest.mark.parametrize("name", ["Demo", "1lock", "demo_lock", "../demo", "demo--lock", ""])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    told = CliRunner().invoke(knutpunkt, ["connector", "new", name])
    assert told.exit_code == 2
    assert "small letters, digits and hyphens" in told.output


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo-lock").mkdir()
    told = CliRunner().invoke(knutpunkt, ["connector", "new", "demo-lock"])
    assert (told.exit_code, list((tmp_path / "demo-lock").iterdir())) == (2, [])
