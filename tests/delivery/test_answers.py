"""The answer that is written by hand is the model's own, letter by letter."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import InvalidError
from tests.builders import a_holder, a_town, occasion
from tests.counts import examples
from tests.delivery.harness import Stage, hour

Staging = Callable[..., Stage]
CARD = a_holder("Åke “Lång” Ö", credential={"kind": "card", "number": "0090421357"})
KEY = a_holder('Kim \\ "K" /', credential={"kind": "mobile_key"})
EVENINGS = [
    occasion(id=str(n), after=60 * 24 * n, holders=holders)
    for n, holders in ((1, [a_holder()]), (2, [a_holder(), KEY]), (20, [CARD, KEY, a_holder("Bo")]))
]
BOOKINGS: dict[str, dict[str, Any]] = {
    "one hour": {},
    "three evenings, five holders": {"occasions": EVENINGS},
    "nobody to let in": {"occasions": [occasion(holders=[])]},
    "no door": hour(of="hall.machine"),
    "the whole hall": hour(of="hall.whole"),
    "over by now": hour(after=-600),
    "it has begun": hour(after=-200, minutes=180),
    "no connection": {"notify": ["vaktmastare"]},
}


def same(hall: Stage, number: str, **more: Any) -> dict[str, Any]:
    """Accept it; both answers are equal, with values and without."""
    done = hall.accept(number, **more)
    written = [hall.run(hall.answering.json(done, with_values=which)) for which in (True, False)]
    assert written == [hall.answer(done, with_values=which).model_dump_json() for which in (True, False)]
    assert done.answer.new
    told: dict[str, Any] = json.loads(written[0])
    return told


@pytest.mark.parametrize("strategy", ["per_booking", "per_holder"])
@pytest.mark.parametrize("name", BOOKINGS)
def test_what_is_written_is_what_the_model_says(staging: Staging, name: str, strategy: str) -> None:
    same(staging(a_town(strategy=strategy, horizon_days=10)), "B-1", **BOOKINGS[name])


def test_whoever_is_in_the_way_is_told_alike(hall: Stage) -> None:
    hall.accept("B-1", **hour(of="hall.whole"))
    assert [one["number"] for one in same(hall, "B-2")["conflicts"]] == ["B-1"]


def test_a_second_time_the_model_answers(hall: Stage) -> None:
    hall.accept("B-1")
    done = hall.accept("B-1")
    written = hall.run(hall.answering.json(done, with_values=True))
    assert written == hall.answer(done).model_dump_json()
    assert json.loads(written)["outcome"] == "unchanged"


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), after=st.integers(0, 99999))
def test_any_name_at_any_time_is_written_alike(hall: Stage, name: str, after: int) -> None:
    number = f"B-{uuid4().hex}"
    with suppress(InvalidError):  # a name of blanks
        same(hall, number, occasions=[occasion(after=after / 7, holders=[a_holder(name)])])
