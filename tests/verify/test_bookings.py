"""What a core says it has, held against what the hub has; and the command that does both."""

import json
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from hub.model.answers import BookingLine
from hub.service.operators.verifying import Told, compared
from tests.builders import occasion, raw_booking
from tests.cli.conftest import Run
from tests.live import NOON, TOWN, Live


def line(number: str, revision: int = 1, *, status: str = "confirmed", content: str = "aa") -> BookingLine:
    return BookingLine(number=number, revision=revision, status=status, content=content)


def differences(there: dict[str, Told], *here: BookingLine) -> list[tuple[str, str]]:
    return [(one.number, one.difference) for one in compared(there, here)]


def test_each_way_of_differing_is_named() -> None:
    there = {"B-1": Told(1), "B-2": Told(3), "B-3": Told(1), "B-4": Told(1, "BB"), "B-5": Told(1, "AA"), "B-9": Told(1)}
    here = [
        line("B-1"),
        line("B-2", 2),
        line("B-3", 2),
        line("B-4"),
        line("B-5"),
        line("B-6"),
        line("B-7", status="cancelled"),
    ]
    assert differences(there, *here) == [
        ("B-2", "older-here"),
        ("B-3", "newer-here"),
        ("B-4", "other-content"),
        ("B-6", "missing-there"),
        ("B-9", "missing-here"),
    ]


def test_nothing_differs_from_itself_in_any_order() -> None:
    here = [line(f"B-{n}", n + 1) for n in range(50)]
    there = {one.number: Told(one.revision, one.content) for one in reversed(here)}
    assert differences(there, *here) == []


# ------------------------------------------------------------------------------------------------ the command


@pytest.fixture
def known(live: Live) -> list[BookingLine]:
    """What the live hub has: two bookings of ours at least."""
    headers = {"Authorization": f"Bearer {live.key}", "Prefer": "wait=10"}
    for n in (1, 2):
        booking = raw_booking(f"V-{n}", 1, occasions=[occasion(f"tennishallen.bana-{n}", after=600 * n, since=NOON)])
        url = f"{live.url}/v1/{TOWN}/bookings/V-{n}"
        assert httpx.put(url, json=booking, headers=headers, timeout=30).is_success
    with live.town() as here:
        return list(here.bookings())


def as_csv(lines: Iterable[BookingLine], *, heading: bool = True) -> bytes:
    rows = [f"{one.number},{one.revision},{one.content}" for one in lines]
    return "\n".join((["number,revision,content"] if heading else []) + rows).encode()


def test_a_core_that_has_the_same_ends_0(run: Run, known: list[BookingLine]) -> None:
    for sent in (as_csv(known), as_csv(known, heading=False)):
        result = run("verify", "-", "--no-systems", sent=sent)
        assert (result.exit_code, result.stdout.strip()) == (0, "Bookings: 0 differ between the core and the hub.")


def test_a_core_that_has_other_bookings_ends_1_and_names_them(
    run: Run, known: list[BookingLine], tmp_path: Path
) -> None:
    file = tmp_path / "core.ndjson"
    objects = [{"number": one.number, "revision": one.revision + (one.number == "V-1")} for one in known]
    file.write_text("\n".join(map(json.dumps, [*objects[:-1], {"number": "X-1", "revision": 1, "content": None}])))
    result = run("verify", "--no-systems", "--json", str(file))
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["systems"]) == (1, False, None)
    found = {(one["number"], one["difference"]) for one in told["bookings"]}
    assert {("V-1", "older-here"), ("X-1", "missing-here"), (known[-1].number, "missing-there")} == found
    spoken = run("verify", "--no-systems", str(file), "--language", "sv").stdout
    assert "saknas i navet" in spoken
    assert "3 skiljer sig" in spoken


@pytest.mark.parametrize(
    "sent, told",
    [
        (b"number,revision\nB-1,one\n", "line 2 of the core's list cannot be read"),
        (b'{"number": "B-1", "revision": 1}\n{"number": 7}\n', "line 2 of the core's list cannot be read"),
        (b'{"number": "B-1"', "line 1 of the core's list cannot be read"),
        (b"B-1,1\nB-1,2\n", "line 2: B-1 comes twice"),
        (b"\xff\xfe", "the core's list is not UTF-8"),
    ],
)
def test_a_list_that_cannot_be_read_ends_2(run: Run, live: Live, sent: bytes, told: str) -> None:
    result = run("verify", "-", "--no-systems", sent=sent)
    assert result.exit_code == 2
    assert told in result.stderr


def test_the_systems_of_a_live_hub_are_as_it_says(run: Run, known: list[BookingLine]) -> None:
    result = run("verify", "-", "--json", "--wait", "20", sent=as_csv(known))
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["bookings"]) == (0, True, [])
    assert told["systems"]["standing"] == told["systems"]["as_said"] + told["systems"]["moved_on"] > 0


def test_only_an_operator_may_have_systems_read(live: Live) -> None:
    refused = httpx.post(f"{live.url}/v1/{TOWN}/verify", headers={"Authorization": "Bearer nobody"})
    assert refused.status_code == 401
    headers = {"Authorization": f"Bearer {live.key}"}
    beyond = httpx.post(f"{live.url}/v1/{TOWN}/verify?wait=1000", headers=headers)
    assert (beyond.status_code, beyond.json()["code"]) == (422, "invalid-request")
