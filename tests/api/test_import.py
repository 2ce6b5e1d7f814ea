"""A season in one call: an answer for each line, in order, and a bad line stops no other."""

import json
from typing import Any

from hub.service.accept.bookings import LINE_LIMIT
from tests.api.site import NDJSON, PROBLEM, Site
from tests.builders import raw_booking
from tests.delivery.harness import TOWN, hour


def season(count: int) -> list[dict[str, Any]]:
    return [
        raw_booking(f"B-{n:04}", **hour(24 * 60 * (n // 3) + 60, of=f"hall.court-{n % 3 + 1}")) for n in range(count)
    ]


def test_each_line_is_answered_in_order_and_a_summary_closes(site: Site) -> None:
    *lines, summary = site.send(season(30))
    assert [line["line"] for line in lines] == list(range(1, 31))
    assert [line["number"] for line in lines] == [f"B-{n:04}" for n in range(30)]
    assert {line["outcome"] for line in lines} == {"accepted"}
    counts = {"lines": 30, "accepted": 30, "unchanged": 0, "superseded": 0, "rejected": 0, "conflicts": 0}
    assert summary["summary"].items() >= counts.items()
    assert len(site.stored()) == 30


def test_a_season_that_is_sent_again_is_unchanged(site: Site) -> None:
    site.send(season(20))
    *lines, summary = site.send(season(20))
    assert {line["outcome"] for line in lines} == {"unchanged"}
    assert summary["summary"]["unchanged"] == 20


def test_bad_lines_are_told_with_their_number_and_stop_no_other(site: Site) -> None:
    good, other = raw_booking("B-1"), raw_booking("B-2", **hour(120))
    *lines, summary = site.send([
        good,
        "{",
        "",
        raw_booking("B-3", colour="red"),
        "   ",
        other,
        raw_booking("B-1", **hour(60)),
        raw_booking("B-2", 1, **hour(120)),
        "[" * 100_000,
        '"\\ud800"',
    ])  # fmt: skip
    outcomes = {line["line"]: line["outcome"] for line in lines}
    assert list(outcomes) == [1, 2, 4, 6, 7, 8, 9, 10]
    assert [line for line, outcome in outcomes.items() if outcome == "rejected"] == [2, 4, 7, 9, 10]
    assert (outcomes[1], outcomes[6], outcomes[8]) == ("accepted", "accepted", "unchanged")
    codes = {line["line"]: line["problem"]["code"] for line in lines if "problem" in line}
    assert codes == {
        2: "invalid-json",
        4: "invalid-booking",
        7: "revision-conflict",
        9: "invalid-json",
        10: "invalid-json",
    }
    (fault,) = lines[2]["problem"]["errors"]
    assert (fault["pointer"], fault["code"]) == ("/colour", "unknown-field")
    assert summary["summary"]["rejected"] == 5
    assert site.stored() == ["B-1", "B-2"]


def test_broken_utf8_is_one_bad_line(site: Site) -> None:
    body = b"\n".join([json.dumps(raw_booking("B-1")).encode(), b'{"number": "\xe5\xe4"}', b"\xff\xfe"])
    answer = site.ask("POST", "/bookings", content=body, headers={"Content-Type": NDJSON})
    *lines, _ = (json.loads(line) for line in answer.text.splitlines())
    assert [line["outcome"] for line in lines] == ["accepted", "rejected", "rejected"]


def test_a_line_over_its_limit_is_refused_and_the_next_is_read(site: Site) -> None:
    long = raw_booking("B-2") | {"padding": "x" * (LINE_LIMIT + 1)}
    *lines, summary = site.send([raw_booking("B-1"), long, raw_booking("B-3", **hour(120))])
    assert [line["outcome"] for line in lines] == ["accepted", "rejected", "accepted"]
    assert lines[1]["problem"]["code"] == "too-large"
    assert lines[1]["line"] == 2
    assert summary["summary"]["lines"] == 3
    assert site.stored() == ["B-1", "B-3"]


def test_a_last_line_without_an_end_is_read(site: Site) -> None:
    *lines, _ = site.send([raw_booking("B-1"), raw_booking("B-2", **hour(120))], ending="")
    assert [line["number"] for line in lines] == ["B-1", "B-2"]


def test_lines_that_end_as_windows_ends_them_are_read(site: Site) -> None:
    text = "\r\n".join(json.dumps(one) for one in season(3)) + "\r\n"
    answer = site.ask("POST", "/bookings", content=text.encode(), headers={"Content-Type": NDJSON})
    *lines, _ = (json.loads(line) for line in answer.text.splitlines())
    assert [line["outcome"] for line in lines] == ["accepted"] * 3


def test_nothing_is_answered_with_a_summary_of_nothing(site: Site) -> None:
    (summary,) = site.send([], ending="")
    assert summary["summary"]["lines"] == 0
    (blank,) = site.send(["", " ", ""])
    assert blank["summary"]["lines"] == 0


def test_revisions_in_one_import_follow_each_other(site: Site) -> None:
    *lines, _ = site.send([raw_booking("B-1", 2), raw_booking("B-1", 1), raw_booking("B-1", 3, **hour(60))])
    assert [line["outcome"] for line in lines] == ["accepted", "superseded", "accepted"]
    assert lines[1]["problem"]["current_revision"] >= 2
    assert site.get("/bookings/B-1").json()["booking"]["revision"] == 3


def test_conflicts_within_an_import_are_told(site: Site) -> None:
    *lines, summary = site.send([raw_booking("B-1"), raw_booking("B-2", **hour(30)), raw_booking("B-3", **hour(120))])
    told = {line["number"]: {one["number"] for one in line.get("conflicts", [])} for line in lines}
    assert told == {"B-1": set(), "B-2": {"B-1"}, "B-3": set()}
    assert summary["summary"]["conflicts"] == 1


def test_more_lines_than_are_under_way_at_once_are_answered_in_order(site: Site) -> None:
    *lines, summary = site.send(season(1000))
    assert [line["line"] for line in lines] == list(range(1, 1001))
    assert summary["summary"]["accepted"] == 1000


def test_lines_are_read_whatever_way_they_are_cut_on_the_wire(site: Site) -> None:
    body = "\n".join(json.dumps(one, ensure_ascii=False) for one in season(5)).encode()
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
    answer = site.client.post(
        f"/v1/{TOWN}/bookings",
        content=iter(pieces),
        headers={"Content-Type": NDJSON, "Authorization": f"Bearer {site.core}"},
    )
    *lines, _ = (json.loads(line) for line in answer.text.splitlines())
    assert [line["outcome"] for line in lines] == ["accepted"] * 5


def test_an_import_of_another_kind_is_refused(site: Site) -> None:
    answer = site.ask("POST", "/bookings", content=b"{}", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (415, PROBLEM)
