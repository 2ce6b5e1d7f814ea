"""S10 over HTTP: who may look somebody up, what must be said for it, and what stands in no answer."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from hub.delivery.lookups.population import Population
from hub.model import PersonNumber, Protected
from hub.model.audit import Act
from hub.service.audit.audited import Wish
from hub.service.keeping.keys import Scope
from tests.api.site import PROBLEM, Site, running
from tests.api.test_audit import rows
from tests.delivery.fake_register import REGISTERS, RegisterSystem, SetTime, number
from tests.delivery.harness import TOWN
from tests.delivery.test_population import ANNA, ERIK, LENA, STREET, broken_of, hidden, person

WHY = {"purpose": "bidragsprövning", "legal_basis": "9 § LOK", "asked_by": "anna.ek"}
REFUSED = number("19700101980")


class Patient(SetTime):
    """Time whose moments come when all that is asked has its answer."""

    def __init__(self, population: Population) -> None:
        super().__init__()
        self._population = population

    async def until(self, moment: float) -> None:
        await asyncio.wait([one.answer for one in self._population._under_way.values()])
        self.seconds = moment


def register() -> RegisterSystem:
    return REGISTERS[f"{TOWN}/people"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub with a register, in which one is protected and about one it says no."""
    home, budget = tmp_path_factory.mktemp("site"), {"per_day": 100}
    with pytest.MonkeyPatch.context() as patch, running(home, patch, population=budget) as site:
        population = site.client.app.state.desk.population
        population.time = Patient(population)
        register().register(person(), hidden(ANNA, Protected.YES))
        broken_of(register(), REFUSED)
        yield site


@pytest.fixture
def keys(here: Site) -> dict[str, str]:
    return {
        "grants": here.key(Scope.PERSONS_LOOKUP),
        "group": here.key(Scope.PERSONS_LOOKUP, Scope.PERSONS_PROTECTION),
        "protection": here.key(Scope.PERSONS_PROTECTION),
    }


def ask(here: Site, key: str, of: PersonNumber | str = LENA, **more: Any) -> Any:
    digits = of if isinstance(of, str) else of.digits
    body = {"identity_number": digits} | WHY | more
    return here.ask("POST", "/persons/lookup", key=key, json={k: v for k, v in body.items() if v is not None})


def test_whoever_has_the_right_is_told_name_and_address(here: Site, keys: dict[str, str]) -> None:
    told = ask(here, keys["grants"])
    assert (told.status_code, told.json()["outcome"]) == (200, "found")
    assert told.json()["person"]["address"]["lines"] == [STREET]
    assert told.headers["cache-control"] == "no-store"


def test_whatever_is_not_told_of_is_one_answer_to_the_letter(here: Site, keys: dict[str, str]) -> None:
    answers = [ask(here, keys["grants"], of) for of in (ANNA, ERIK, REFUSED)]
    assert {answer.content for answer in answers} == {b'{"outcome":"manual_handling_required"}'}
    assert len({(a.status_code, *sorted(a.headers.keys()), a.headers["content-length"]) for a in answers}) == 1
    causes = [ask(here, keys["group"], of).json() for of in (ANNA, ERIK, REFUSED)]
    assert [told["cause"] for told in causes] == ["protected", "missing", "failed"]
    assert causes[2]["detail"] == "no such thing as ********"


def test_no_other_right_looks_anybody_up(here: Site, keys: dict[str, str]) -> None:
    for key in (here.core, here.operator, keys["protection"]):
        assert ask(here, key).status_code == 403
    assert ask(here, "nobody's").status_code == 401


@pytest.mark.parametrize("missing", ["purpose", "legal_basis", "asked_by"])
@pytest.mark.parametrize("told", [None, "", "  "])
def test_nobody_is_looked_up_without_a_purpose_a_basis_and_a_person(
    here: Site, keys: dict[str, str], missing: str, told: str | None
) -> None:
    before = len(register().asked)
    answer = ask(here, keys["grants"], LENA, **{missing: told})
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert answer.json()["errors"][0]["pointer"] == f"/{missing}"
    assert len(register().asked) == before


def test_the_human_user_is_no_system(here: Site, keys: dict[str, str]) -> None:
    answer = ask(here, keys["grants"], asked_by="Persons:Lookup")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


def test_the_audit_has_each_lookup_by_the_human_user(here: Site, keys: dict[str, str]) -> None:
    ask(here, keys["grants"], ANNA, asked_by="berit.ny")
    last = rows(here, Wish(act=Act.PERSON_LOOKED_UP))[-1]
    assert (last.who, last.person) == ("persons:lookup", "berit.ny")
    assert last.private == '["bidragsprövning", "9 § LOK"]'
    assert ANNA.digits not in last.model_dump_json()


def test_no_number_stands_in_an_answer_a_figure_or_a_log(
    here: Site, keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    wrong = LENA.digits[:-1] + str((int(LENA.digits[-1]) + 1) % 10)
    with caplog.at_level(logging.DEBUG):
        answers = [
            ask(here, keys["grants"], wrong),
            ask(here, keys["grants"], ANNA),
            ask(here, keys["group"], REFUSED),
            ask(here, keys["grants"], **{LENA.digits: "a name of a field"}),
            here.ask("POST", f"/persons/{LENA.digits}", key=keys["grants"]),
        ]
    assert [answer.status_code for answer in answers] == [422, 200, 200, 422, 404]
    said = "".join(answer.text for answer in answers) + here.client.get("/metrics").text
    hub = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("hub"))
    for digits in (LENA.digits, ANNA.digits, REFUSED.digits, wrong):
        assert digits not in said + hub
        assert digits[2:] not in said + hub


def test_a_days_lookups_end_for_all(here: Site, keys: dict[str, str]) -> None:
    told = [ask(here, keys["grants"], ANNA) for _ in range(101)][-1]
    assert (told.status_code, told.json()["code"]) == (429, "lookups-spent")


def test_only_whoever_handles_protected_persons_sees_what_is_sealed(here: Site, keys: dict[str, str]) -> None:
    wish = {"kind": "invoice", "key": "B-1.i1", "reason": "påminnelse", "asked_by": "anna.ek"}
    for key, status in ((keys["grants"], 403), (here.operator, 403), (keys["protection"], 404)):
        assert here.ask("POST", "/persons/unsealings", key=key, json=wish).status_code == status
    assert here.ask("GET", "/persons/unsealings/1", key=keys["grants"]).status_code == 403
    assert here.ask("GET", "/persons/unsealings/1", key=keys["protection"]).status_code == 404
    nobody = here.ask("POST", "/persons/unsealings", key=keys["protection"], json=wish | {"reason": " "})
    assert nobody.status_code == 422


def test_without_a_register_everybody_is_told_so(shared: Site) -> None:
    answer = ask(shared, shared.key(Scope.PERSONS_LOOKUP))
    assert (answer.status_code, answer.json()["code"]) == (409, "no-register")
