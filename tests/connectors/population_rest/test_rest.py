"""What is a municipal service's own: ids instead of numbers, records that are left out, and answers of any shape."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.population_rest import RestRegister
from connectors.population_rest.config import RestConfig
from connectors.population_rest.simulator import CitizenSimulator
from connectors.population_rest.translate import FLAGS, person
from hub.conformance.driver import SetClock
from hub.conformance.record_examples import CHILD, KNOWN, PERSONS
from hub.model import AddressKind, Person, Protected
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError
from tests.connectors.registers import NUMBER, Asking, lookup, over_mutual_tls, secrets, spoken
from tests.counts import examples

CONFIG = RestConfig.model_validate(CitizenSimulator(SetClock()).config())


def asking(*people: Person, **settings: object) -> Asking:
    clock = SetClock(datetime(2026, 11, 26, 12, tzinfo=UTC))
    register = CitizenSimulator(clock)
    for one in people or (PERSONS[0],):
        register.register(one, knows=KNOWN)
    return Asking(RestRegister, register, clock, **settings)


def record(**more: Any) -> dict[str, Any]:
    whole = {"personId": "x", "givenname": "Lena", "lastname": "Ek", "classified": "N", "protectedNR": "N"}
    return {**whole, "addresses": [home()], **more}


def home(**more: Any) -> dict[str, Any]:
    where = {"address": "Hem 1", "postalCode": "903 26", "city": "UMEÅ", "municipality": "2480"}
    return {"addressType": "POPULATION_REGISTRATION_ADDRESS", "status": "Current", **where, **more}


def told(config: RestConfig = CONFIG, **more: Any) -> Person:
    return person(record(**more), lookup(), config)


# ---------------------------------------------------------------- what is asked


def test_a_number_stands_in_no_address() -> None:
    stand = asking()
    assert stand.ask() == PERSONS[0]
    first, second = stand.sent
    assert (first.method, first.url.path) == ("POST", "/citizen/3.0/2480/guid/batch")
    assert json.loads(first.content) == [NUMBER.digits]
    assert second.url.path == f"/citizen/3.0/2480/{stand.simulator.ids[NUMBER.digits]}"  # type: ignore[attr-defined]
    assert dict(second.url.params) == {"ShowClassified": "false"}
    assert NUMBER.digits not in "".join(str(one.url) for one in stand.sent)


def test_the_token_is_shown_where_the_service_wants_it() -> None:
    for header, shown in (("Authorization", "Bearer not-a-secret"), ("X-JWT-Assertion", "not-a-secret")):
        stand = asking(token_header=header)
        stand.ask()
        assert stand.sent[0].headers[header] == shown
    assert isinstance(asking(token="wrong").ask(), CredentialsError)


def test_custody_is_not_told_to_be_nobodys() -> None:
    stand = asking(CHILD)
    assert isinstance(stand.ask(lookup(CHILD.identity_number, guardians=True)), RejectedError)
    assert stand.sent == []


def test_settings_that_cannot_be_are_refused() -> None:
    for given_ in ({"municipality": "umea"}, {"token_header": "A: b"}, {"base_url": "api"}):
        with pytest.raises(ValidationError):
            RestConfig.model_validate({**CitizenSimulator(SetClock()).config(), **given_})


# ---------------------------------------------------------------- protection


def test_nobody_is_none_and_somebody_who_is_left_out_is_perhaps_protected() -> None:
    stand = asking(PERSONS[1])
    assert stand.ask() is None
    stand = asking()
    assert isinstance(stand.simulator, CitizenSimulator)
    stand.simulator.classify(NUMBER.digits)
    assert stand.ask() == Person(identity_number=NUMBER, protected=Protected.UNKNOWN)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize(
    "value, protected",
    [
        ("N", Protected.NO),
        ("J", Protected.YES),
        ("Y", Protected.YES),
        ("n", Protected.YES),
        ("N ", Protected.YES),
        ("PROTECTED_IDENTITY", Protected.YES),
        ("", Protected.UNKNOWN),
        (" ", Protected.UNKNOWN),
        (None, Protected.UNKNOWN),
        (False, Protected.UNKNOWN),
        (0, Protected.UNKNOWN),
        (["N"], Protected.UNKNOWN),
    ],
)
def test_what_is_not_known_to_mean_no_does_not(flag: str, value: object, protected: Protected) -> None:
    found = person(record(**{flag: value}), lookup(), CONFIG)
    assert found.protected is protected
    assert (found.name is None) is (protected is not Protected.NO)


def test_empty_is_a_no_only_where_that_is_agreed_and_missing_never() -> None:
    config = CONFIG.model_copy(update={"no_values": ("N", "")})
    assert told(config, classified="", protectedNR=None).protected is Protected.NO
    whole = record()
    del whole["classified"]
    assert person(whole, lookup(), config).protected is Protected.UNKNOWN


@pytest.mark.parametrize(
    "more",
    [
        {"skyddad": "N"},
        {"something": 1},
        {"addresses": [home(protectedAddress=True)]},
        {"nrDate": {"x": {"classified": "N"}}},
    ],
)
def test_what_is_new_or_speaks_of_protection_is_not_passed_over(more: dict[str, Any]) -> None:
    assert told(**more).protected is Protected.UNKNOWN


# ---------------------------------------------------------------- what is told


@pytest.mark.parametrize(
    "written, line",
    [
        ({"address": "Testvägen 18"}, "Testvägen 18"),
        ({"address": "Testvägen", "addressNumber": "18", "addressLetter": "B"}, "Testvägen 18B"),
        ({"address": "Testvägen 18B", "addressNumber": "18", "addressLetter": "B"}, "Testvägen 18B"),
        ({"address": "Testvägen 18", "appartmentNumber": "LGH 1001"}, "Testvägen 18 LGH 1001"),
    ],
)
def test_a_street_has_its_number_once(written: dict[str, str], line: str) -> None:
    found = told(addresses=[home(**written)]).registered_address
    assert found
    assert (found.lines, found.postcode, found.country) == ((line,), "90326", "")


@pytest.mark.parametrize(
    "where, code",
    [
        ({"municipality": "2480"}, "2480"),
        ({"county": "24", "municipality": "80"}, "2480"),
        ({"municipality": "80"}, None),
        ({"municipality": None}, None),
    ],
)
def test_a_municipality_is_four_digits(where: dict[str, Any], code: str | None) -> None:
    assert told(addresses=[home(**where)]).municipality == code


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        None,
        [home(status="Previous")],
        [home(addressType="OTHER")],
        [home(address="", city="")],
    ],
)
def test_who_has_no_address_of_registration_is_not_told_to_be_registered(addresses: Any) -> None:
    found = told(addresses=addresses)
    assert (found.address, found.registered_address, found.deregistered) == (None, None, "unknown")


def test_who_is_abroad_has_left() -> None:
    abroad = home(emigrated=True, address="Calle 1", country="SPANIEN", municipality=None)
    found = told(addresses=[home(status="Previous"), abroad])
    assert found.address
    assert (found.address.kind, found.address.country) == (AddressKind.ABROAD, "SPANIEN")
    assert (found.emigrated, found.deregistered, found.registered_address) == ("", "unknown", None)


@pytest.mark.parametrize("more", [{"addresses": [home(), home()]}, {"givenname": 1}, {"addresses": [home(city=[])]}])
def test_what_cannot_be_known_is_not_guessed(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"several|is no text"):
        told(**more)


# ---------------------------------------------------------------- over a real connection


def test_it_goes_over_a_real_connection() -> None:
    clock = SetClock()
    register = CitizenSimulator(clock)
    register.register(PERSONS[0], knows=KNOWN)
    with over_mutual_tls(register.handle) as stand:
        config = RestConfig.model_validate({**register.config(), "base_url": f"{stand.address}citizen/3.0/"})
        detail, found = stand.run(RestRegister, config, clock, lookup())
        assert "nobody was asked for" in detail
        assert found == PERSONS[0]


# ---------------------------------------------------------------- answers of any shape


def translated(**more: Any) -> bytes:
    whole = {"personNumber": NUMBER.digits, "personId": None, "success": False, "errorMessage": "Citizen not found"}
    return json.dumps([whole | more]).encode()


@pytest.mark.parametrize(
    "body, kind",
    [
        (translated(), None),
        (translated(errorMessage="Error processing request: 199001019802"), RejectedError),
        (translated(errorMessage=None), RejectedError),
        (translated(success=True), TransientError),
        (translated(success=True, personId="../../x"), RejectedError),
        (translated(success=None), RejectedError),
        (translated(personId="6f1c3b54-2f6c-4a5e-9d0e-0d6f8a2d7b11"), RejectedError),
        (translated(personNumber="198112189876"), TransientError),
        (b"[]", TransientError),
        (b"{}", TransientError),
        (b"", TransientError),
        (b"<html/>", TransientError),
        (b"[" * 100_000, TransientError),
        (translated() + translated(), TransientError),
    ],
)
def test_a_number_is_nobodys_only_when_the_service_says_so(body: bytes, kind: type[Exception] | None) -> None:
    stand = asking()
    stand.reshape = lambda _: body
    found = stand.ask()
    assert found is None if kind is None else type(found) is kind
    assert not [secret for secret in secrets() if secret in spoken(found, stand)]
    assert len(stand.sent) == 1


def second(stand: Asking, body: bytes, status: int = 200) -> Any:
    """Ask, with that for a record."""
    handle = stand.simulator.handle

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body) if request.method == "GET" else handle(request)

    stand.simulator.handle = answer  # type: ignore[method-assign]
    return stand.ask()


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (200, b"", TransientError),
        (200, b"null", TransientError),
        (200, b"[]", TransientError),
        (200, b'{"classified": "N", "protectedNR": "N"}', TransientError),
        (200, b'{"personId": "another", "classified": "N", "protectedNR": "N"}', RejectedError),
        (404, b"", RejectedError),
        (500, b"", TransientError),
        (503, b"", TransientError),
    ],
)
def test_a_record_that_is_none_is_not_nobody(status: int, body: bytes, kind: type[ConnectorError]) -> None:
    assert type(second(asking(), body, status)) is kind


def test_a_flag_that_stands_twice_is_no_answer() -> None:
    stand = asking()
    (whole,) = stand.simulator.citizens.values()  # type: ignore[attr-defined]
    body = json.dumps(whole).replace('"classified": "N"', '"classified": "J", "classified": "N"')
    assert isinstance(second(stand, body.encode()), TransientError)


NAMES = st.sampled_from([*FLAGS, "skyddad", "addresses", "personId", "status", "addressType", "givenname", "new"])
VALUES = st.sampled_from(["N", "J", "", " ", None, False, True, 0, "Previous", [], {}, ["N"], {"classified": "N"}])
CHANGE = st.tuples(st.sampled_from(["drop", "rename", "value", "add"]), st.integers(0, 60), NAMES, VALUES)


@given(someone=st.sampled_from(PERSONS), empty=st.booleans(), changes=st.lists(CHANGE, max_size=4))
@hypothesis.settings(max_examples=examples(300, soak=10_000))
def test_no_answer_of_any_shape_tells_of_one_whose_flags_are_not_a_clear_no(
    *, someone: Person, empty: bool, changes: list[tuple[str, int, str, Any]]
) -> None:
    no_values = ["N", ""] if empty else ["N"]
    stand = asking(someone, no_values=no_values)
    (whole,) = json.loads(json.dumps([*stand.simulator.citizens.values()]))  # type: ignore[attr-defined]
    for change in changes:
        _reshape(whole, *change)
    found = second_of(stand, someone, whole)
    said = spoken(found, stand)
    assert someone.identity_number.digits not in said
    clear = all(whole.get(flag, 0) in (*no_values, None if empty else "N") for flag in FLAGS)
    if isinstance(found, Person) and clear:
        return
    assert not [secret for secret in KNOWN.values() if secret in said], whole
    assert not isinstance(found, Person) or found.protected is not Protected.NO, whole


def second_of(stand: Asking, someone: Person, whole: Any) -> Any:
    handle = stand.simulator.handle

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=whole) if request.method == "GET" else handle(request)

    stand.simulator.handle = answer  # type: ignore[method-assign]
    return stand.ask(lookup(someone.identity_number))


def _reshape(whole: dict[str, Any], deed: str, place: int, name: str, value: Any) -> None:
    """One change to a record or one of its addresses."""
    addresses = whole.get("addresses")
    inner = [one for one in addresses if isinstance(one, dict)] if isinstance(addresses, list) else []
    trees = [whole, whole, *inner]
    tree = trees[place % len(trees)]
    key = [*tree, name][place % (len(tree) + 1)]
    match deed:
        case "drop":
            tree.pop(key, None)
        case "rename":
            tree[name] = tree.pop(key, value)
        case "value":
            tree[key] = value
        case "add":
            tree[name] = value
