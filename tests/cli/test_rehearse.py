"""`knutpunkt rehearse`: a season through a folder; nothing is sent, and no hub need run."""

import json
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner, Result

from hub.cli.main import knutpunkt
from hub.cli.rehearsed import SAID
from hub.model.rehearsed import Kind
from tests.builders import raw_booking
from tests.live import UMEA


def court(n: int, **more: Any) -> dict[str, Any]:
    """A booking of a court in tennishallen."""
    holder = {"name": "Lena Norberg", "phone": "+46701740606", "credential": {"kind": "pin"}}
    occasion = {
        "id": "1", "resource": f"tennishallen.bana-{n}", "starts_at": "2026-11-28T18:00:00+01:00",
        "ends_at": "2026-11-28T19:00:00+01:00", "activity": "training", "holders": [holder],
    }  # fmt: skip
    return raw_booking(f"B-{n}", occasions=[occasion | more])


def rehearsed(folder: Path, bookings: list[Mapping[str, Any] | str], *words: str) -> Result:
    lines = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in bookings)
    command = ["rehearse", str(folder), "--bookings", "-", *words]
    return CliRunner().invoke(knutpunkt, command, input=lines.encode(), env={"LANG": "C"})


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Umeå with lights that take two calls a minute."""
    folder = tmp_path / "umea"
    shutil.copytree(UMEA, folder)
    lamps = folder / "connections" / "mqtt-tennishallen.yaml"
    lamps.write_text(lamps.read_text() + "\npace:\n  calls_per_minute: 2\n")
    return folder


@pytest.fixture
def unserved(tmp_path: Path) -> Path:
    """Umeå before tennishallen's climate was connected."""
    folder = tmp_path / "umea"
    shutil.copytree(UMEA, folder)
    hall = folder / "facilities" / "tennishallen.yaml"
    hall.write_text(hall.read_text().replace("    connection: bacnet-tennishallen\n", ""))
    return folder


def test_a_season_that_fits_ends_well_and_tells_what_nobody_serves(
    unserved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sends(*_: object) -> NoReturn:
        pytest.fail("a rehearsal reaches no system")

    monkeypatch.setattr(socket.socket, "connect", sends)
    told = rehearsed(unserved, [court(1), court(2)])
    assert told.exit_code == 0
    assert "2480: 2 lines, 2 bookings" in told.output
    assert "note: no connection for climate: tennishallen/varme: 2 bookings, the first B-1" in told.output
    assert told.output.endswith("All of it fits.\n")


def test_what_does_not_fit_is_told_first_with_when_why_and_what_to_do(slow: Path) -> None:
    mobile = {"name": "Bo Lind", "phone": "+46701740607", "credential": {"kind": "mobile_key"}}
    strange: list[Mapping[str, Any] | str] = [
        court(5, holders=[mobile]),
        "{",
        court(1, resource="tennishallen.bana-99"),
    ]
    told = rehearsed(slow, [*(court(n) for n in range(1, 5)), *strange])
    assert told.exit_code == 1
    lines = told.output.splitlines()
    wrong = [line for line in lines if line.startswith("does not fit: ")]
    assert lines[1] == wrong[0]
    assert "1 lines are refused: invalid-json. The first is line 6" in told.output
    assert "1 lines are refused: unknown-resource. The first is line 7 B-1 /occasions/0/resource" in told.output
    assert "arx-tennishallen takes no mobile key: 1 bookings want one, the first B-5" in told.output
    assert "mqtt-tennishallen takes 2 calls a minute, and " in told.output
    assert "2026-11-28 17:" in next(line for line in wrong if "calls a minute" in line)
    assert lines[-1] == "4 things do not fit."


def test_programs_get_the_findings_and_their_texts_in_the_language_that_is_asked_for(slow: Path) -> None:
    told = rehearsed(slow, [court(n) for n in range(1, 5)], "--json", "--language", "sv")
    answer = json.loads(told.output)
    assert told.exit_code == 1
    assert (answer["municipality"], answer["bookings"], answer["fits"]) == ("2480", 4, False)
    first = answer["findings"][0]
    assert (first["kind"], first["connection"], first["limit"]) == ("rate", "mqtt-tennishallen", 2)
    assert first["detail"].startswith("mqtt-tennishallen tar 2 anrop i minuten")
    assert first["remedy"].startswith("Ge dörrar och zoner olika förtid")


def test_a_folder_that_cannot_be_used_ends_it(tmp_path: Path) -> None:
    told = rehearsed(tmp_path, [])
    assert told.exit_code == 2
    assert "knutpunkt check tells more" in told.output


def test_each_kind_of_finding_has_its_words_in_both_languages() -> None:
    kinds = set(Kind.__args__)  # type: ignore[attr-defined]
    for texts in SAID.values():
        assert kinds <= texts.keys()
        assert {f"{kind}_do" for kind in kinds} <= texts.keys()
    assert SAID["sv"].keys() == SAID["en"].keys()
