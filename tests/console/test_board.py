"""Is tonight ready? As a browser gets it."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hub.client import At
from hub.console import pages
from hub.console.words import TEXTS, preferred
from hub.model.answers import BookingAnswer
from hub.model.standing import ProblemAnswer, Readiness, ReadinessAnswer
from hub.service.keeping.keys import Scope, create
from hub.store.engine.database import connect
from tests.live import NOON, TOWN, Live, booked, settled

STYLE = Path(pages.__file__).parent / "static" / "style.css"


@pytest.fixture
def browser(live: Live) -> Iterator[httpx.Client]:
    """A browser that knows the operator's key."""
    with httpx.Client(base_url=live.url, auth=("anybody", live.key), trust_env=False) as browser:
        yield browser


@pytest.fixture
def put(live: Live) -> BookingAnswer:
    """A booking this evening, whose code stands in the locks."""
    with live.town() as town:
        return evening(town)


def evening(town: At) -> BookingAnswer:
    answer = town.put_booking(json.dumps(booked("V-1")).encode(), "V-1")
    settled(town, "V-1", "arx")
    return answer


def key_of(live: Live, municipality: str, scope: Scope) -> str:
    connection = connect(live.database)
    with connection.transaction():
        key = create(connection, municipality=municipality, name="test", scopes=[scope], now=0)
    connection.close()
    return key


def test_the_page_answers_and_shows_each_system_with_its_proof(browser: httpx.Client, put: BookingAnswer) -> None:
    page = browser.get(f"/console/{TOWN}?lang=en").text
    assert "Is tonight ready?" in page
    assert '<strong class="answer so_far">Yes, so far</strong>' in page
    assert "Tennishallen, Bana 1" in page
    assert "V-1" in page
    row = next(row for row in page.split("<tr>") if "arx-tennishallen/" in row)
    assert re.search(r'badge green"><span aria-hidden="true">✓</span> Ready', row)
    assert "read back" in row
    assert "bacnet-tennishallen/varme" in page
    assert "No connection" not in page
    assert '<meta http-equiv="refresh" content="30">' in page


def test_the_page_speaks_swedish_unless_the_reader_wants_english(browser: httpx.Client, put: BookingAnswer) -> None:
    assert "Är kvällen klar?" in browser.get(f"/console/{TOWN}").text
    assert "Is tonight ready?" in browser.get(f"/console/{TOWN}", headers={"Accept-Language": "en-GB,en"}).text
    both = browser.get(f"/console/{TOWN}?lang=sv", headers={"Accept-Language": "en"}).text
    assert '<html lang="sv">' in both


def test_nothing_personal_and_no_code_is_on_the_page(browser: httpx.Client, put: BookingAnswer) -> None:
    page = browser.get(f"/console/{TOWN}?hours=168").text
    value = put.credentials[0].value
    assert value
    assert not re.search(rf"\b{value}\b", page)
    assert put.credentials[0].holder not in page
    assert "Badmintonklubb" not in page


def test_without_a_key_the_browser_is_asked_for_one(live: Live) -> None:
    for path in ("/", f"/console/{TOWN}"):
        answer = httpx.get(live.url + path, trust_env=False)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "Tennishallen" not in answer.text
    for told in ("Basic", "Basic ?", "Basic /w==", "Basic bm9uZQ==", "Bearer wrong", "Digest x"):
        headers = {"Authorization": told}
        assert httpx.get(f"{live.url}/console/{TOWN}", headers=headers, trust_env=False).status_code == 401


def test_a_bearer_key_does_as_well(live: Live) -> None:
    headers = {"Authorization": f"Bearer {live.key}"}
    assert httpx.get(f"{live.url}/console/{TOWN}", headers=headers, trust_env=False).status_code == 200


def test_a_key_sees_its_own_municipality_alone(live: Live) -> None:
    auth = ("", key_of(live, "0180", Scope.OPERATOR))
    assert httpx.get(f"{live.url}/console/{TOWN}", auth=auth, trust_env=False).status_code == 403
    nowhere = httpx.get(f"{live.url}/console/0180", auth=auth, trust_env=False)
    assert nowhere.status_code == 404
    listed = httpx.get(live.url, auth=auth, trust_env=False)
    assert TOWN not in listed.text


def test_a_key_that_reads_bookings_sees_the_board_and_no_problems(live: Live) -> None:
    auth = ("", key_of(live, TOWN, Scope.BOOKINGS_READ))
    page = httpx.get(f"{live.url}/console/{TOWN}?lang=en", auth=auth, trust_env=False).text
    assert TEXTS["en"]["problems_hidden"] in page


def test_the_root_leads_to_the_only_municipality(browser: httpx.Client) -> None:
    assert browser.get("/").headers["location"] == f"/console/{TOWN}"


def test_the_page_runs_nothing_and_fetches_nothing_from_elsewhere(browser: httpx.Client, put: BookingAnswer) -> None:
    answer = browser.get(f"/console/{TOWN}")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert answer.headers["cache-control"] == "no-store"
    assert not re.findall(r"<script|style=|https?://", answer.text)
    sheet = browser.get("/console/static/style.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "url(" not in sheet.text


def test_the_documentation_needs_no_internet(browser: httpx.Client) -> None:
    page = browser.get("/docs").text
    assert not re.findall(r"https?://(?!127\.0\.0\.1)[^\"' ]+", page)
    parts = [part for part in re.findall(r'(?:src|href)="([^"]+)"', page) if part.startswith("/")]
    assert parts
    assert {part: browser.get(part).status_code for part in parts} == dict.fromkeys(parts, 200)


def a_board(*lines: ReadinessAnswer, problems: list[ProblemAnswer] | None = None, ready: bool = True) -> str:
    told = {"from": NOON, "to": NOON + timedelta(days=1), "ready": ready, "lines": lines}
    return pages.board("Provköping", Readiness.model_validate(told), problems, hours=24, language="en")


def a_line(readiness: str, **more: object) -> ReadinessAnswer:
    told = {
        "resource": "hall.court-1", "name": "Hallen, Bana 1", "system": "locks", "target": "locks/1", "needed_at": NOON,
        "until": NOON + timedelta(hours=1), "number": "B-1", "readiness": readiness, "state": "planned, waiting",
    }  # fmt: skip
    return ReadinessAnswer.model_validate(told | more)


@pytest.mark.parametrize(
    "shown, answer",
    [
        (["green", "unserved"], "yes"),
        (["green", "waiting"], "so_far"),
        ([], "yes"),
    ],
)
def test_a_board_that_is_ready_says_how_far(shown: list[str], answer: str) -> None:
    assert f'class="answer {answer}"' in a_board(*map(a_line, shown))


def test_a_board_that_is_not_ready_says_no() -> None:
    assert 'class="answer no">No<' in a_board(a_line("red"), a_line("green"), ready=False)


def test_what_is_wrong_comes_first_and_what_has_no_connection_last() -> None:
    page = a_board(
        a_line("unserved", name="A", resource="a", system="climate", target=None),
        a_line("green", name="B", resource="b"),
        a_line("red", name="C", resource="c"),
        a_line("unserved", name="C", resource="c", system="finance", target=None),
        ready=False,
    )
    assert re.findall(r"<h3>([^<]*)</h3>", page) == ["C", "B", "No connection"]
    assert "No connection: finance." in page
    assert "<li>A: climate</li>" in page
    assert page.count("<tr>") == 4, "two headings, and two lines that a person can do something about"
    told = re.findall(r"</span> (\d [a-z ]+)</span>", page)
    assert told == ["1 not ready", "1 ready", "2 no connection"]


def test_a_problem_that_nothing_waits_behind_does_not_say_so() -> None:
    problem = ProblemAnswer(
        id=1, connection="subscriptions/core", code="unreachable", title="No answer", detail="", remedy="Wait.",
        since=NOON, until=None, waiting=0, nearest=None,
    )  # fmt: skip
    assert "Since Sun 22/11 12:00." in a_board(problems=[problem])


def test_problems_that_say_the_same_are_one_on_the_page() -> None:
    problems = [
        ProblemAnswer(
            id=number, connection="locks", code="taken-away", title="Somebody takes it away", detail="again",
            remedy="Ask who.", since=NOON, until=None, waiting=1, nearest=NOON + timedelta(hours=number),
        )
        for number in (3, 1, 2)
    ]  # fmt: skip
    page = a_board(problems=problems)
    assert page.count("<article") == 1
    assert "locks: Somebody takes it away (3 of them)" in page
    assert "3 wait behind it, the first is needed Sun 22/11 13:00." in page


def test_a_problem_and_a_line_say_who_was_told_instead_of_the_door() -> None:
    problem = ProblemAnswer(
        id=1, connection="locks", code="unreachable", title="No answer", detail="", remedy="Wait.", since=NOON,
        until=None, waiting=1, nearest=NOON,
    )  # fmt: skip
    rung = {"occasion": "1", "resource": "hall.court-1", "rung": "tell", "role": "vakt", "given_at": NOON}
    page = a_board(a_line("red", problem=1, fallback=[rung]), a_line("red", number="B-2"), problems=[problem])
    assert "<p>Told instead: B-1: vakt.</p>" in page
    assert page.count("vakt told 13:00") + page.count("vakt told 12:00") == 1


def test_a_problem_is_on_top_with_its_remedy_and_runs_nothing() -> None:
    problem = ProblemAnswer(
        id=1, connection="locks", code="unreachable", title="The system does not answer",
        detail="<script>alert(1)</script>",
        remedy="See that it is running.", since=NOON, until=None, waiting=3, nearest=NOON + timedelta(hours=2),
    )  # fmt: skip
    page = a_board(a_line("red"), problems=[problem], ready=False)
    told, board = page.split('<section id="resources">')
    assert "<script" not in page
    assert "&lt;script&gt;" in told
    assert "Since Sun 22/11 12:00; 3 wait behind it, the first is needed Sun 22/11 14:00." in " ".join(told.split())
    assert "See that it is running." in told
    assert "Hallen, Bana 1" in board


def test_a_problem_says_whom_it_hits_and_how_to_try_again_and_lines_lead_to_it() -> None:
    problem = ProblemAnswer(
        id=7, connection="locks", code="rejected", title="The system says no", detail="no room", remedy="Make room.",
        since=NOON, until=None, waiting=2, nearest=NOON,
    )  # fmt: skip
    page = a_board(
        a_line("red", problem=7, detail="no room"),
        a_line("red", problem=7, detail="no room", name="Hallen, Bana 2", resource="hall.court-2"),
        a_line("green", name="Hallen, Bana 3", resource="hall.court-3"),
        problems=[problem],
        ready=False,
    )
    assert "Affects: Hallen, Bana 1; Hallen, Bana 2." in page
    assert "<code>knutpunkt problems --retry 7</code>" in page
    assert page.count('<a href="#problem-7">no room</a>') == 2
    assert 'id="problem-7"' in page


def a_problem(id_: int, code: str) -> ProblemAnswer:
    return ProblemAnswer(
        id=id_, connection="locks", code=code, title="It is so", detail="so", remedy="Mend it.", since=NOON, until=None,
        waiting=1, nearest=NOON,
    )  # fmt: skip


def test_problems_that_say_the_same_are_tried_again_together_and_each_can_be_led_to() -> None:
    lines = [a_line("red", problem=n, detail=f"gone {n}") for n in (20, 21, 22)]
    page = a_board(*lines, problems=[a_problem(n, "vanished") for n in (20, 21, 22)], ready=False)
    assert "<code>knutpunkt problems --retry 20 --retry 21 --retry 22</code>" in page
    for n in (20, 21, 22):
        assert f'<a href="#problem-{n}">' in page
        assert page.count(f'id="problem-{n}"') == 1


def test_a_refused_account_is_mended_and_then_its_connection_resumed() -> None:
    page = a_board(a_line("red", problem=7), problems=[a_problem(7, "credentials")], ready=False)
    assert "<code>knutpunkt problems --resume locks</code>" in page
    assert "--retry" not in page


@pytest.mark.parametrize(
    "readiness, state, label",
    [
        ("yellow", "overridden, confirmed", "Changed by hand"),
        ("yellow", "standing, confirmed", "Not read back"),
        ("yellow", "planned, awaiting_user", "Awaiting the user"),
        ("yellow", "planned, dismissed", "Dismissed"),
        ("yellow", "planned, due", "To look at"),
        ("waiting", "suspended, confirmed", "Closed"),
        ("waiting", "planned, waiting", "Waiting"),
        ("red", "planned, stuck", "Not ready"),
    ],
)
def test_a_colour_says_what_it_means_there(readiness: str, state: str, label: str) -> None:
    page = a_board(a_line(readiness, state=state))
    assert re.search(rf'badge {readiness}"><span aria-hidden="true">.</span> {label}</span></td>', page)


def test_a_line_says_what_it_is_for_when_it_was_read_and_when_it_is_tried_again() -> None:
    page = a_board(
        a_line("green", capability="access", proof="read", read_at=NOON - timedelta(minutes=5)),
        a_line("red", capability="lighting", target="lamps/b", next_try_at=NOON + timedelta(days=1)),
    )
    assert 'Access <span class="quiet">locks/1</span>' in page
    assert "read back 11:55" in page
    assert "next try Mon 23/11 12:00" in page


def test_a_connection_that_is_held_is_told_before_problems_with_by_whom_and_what_to_do() -> None:
    held = [
        {"connection": "lamps", "why": "paused", "by": "Eva", "since": NOON},
        {"connection": "locks", "why": "observe"},
        {"connection": "mail", "why": "maintenance", "since": NOON, "until": NOON + timedelta(hours=2)},
    ]
    told = {"from": NOON, "to": NOON, "ready": False, "lines": [a_line("red")], "held": held}
    page = pages.board("Provköping", Readiness.model_validate(told), [], hours=24, language="sv")
    assert "lamps: pausad" in page
    assert "Pausad av Eva sön 22/11 12:00." in page
    assert "<code>knutpunkt problems --resume lamps</code>" in page
    assert "locks: skickar inget" in page
    assert "mail: servicefönster" in page
    assert "sön 22/11 12:00 - 14:00. Inget skickas dit under tiden" in page
    assert TEXTS["sv"]["no_problems"] not in page


def test_several_municipalities_are_listed() -> None:
    page = pages.towns([("0180", "Stockholms stad"), ("a&b", "<b>")], "sv")
    assert '<a href="/console/0180?lang=sv">Stockholms stad (0180)</a>' in page
    assert "<b>" not in page


def test_both_languages_have_the_same_texts() -> None:
    assert set(TEXTS["sv"]) == set(TEXTS["en"])


@pytest.mark.parametrize(
    "accepted, language",
    [("", "sv"), ("de", "sv"), ("en-US,en;q=0.9", "en"), ("en;q=0.5, sv;q=0.9", "sv"), ("sv;q=x, en", "en")],
)
def test_the_language_with_the_most_weight_is_taken(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance, read 2026-11-21."""
    whole = colour * 2 if len(colour) == 3 else colour
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_every_colour_can_be_read_on_its_ground() -> None:
    pairs = re.findall(r"background: #([0-9a-f]{3,6}); color: #([0-9a-f]{3,6})", STYLE.read_text())
    assert len(pairs) >= 6
    for ground, ink in pairs:
        dark, light = sorted([luminance(ground), luminance(ink)])
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, ink)
