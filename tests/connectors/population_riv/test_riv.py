"""What is the service's own: two indicators, tests in production, whom the platform asks, and answers of any shape."""

from datetime import UTC, date, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from connectors.population_riv import RivRegister
from connectors.population_riv.config import RivConfig
from connectors.population_riv.simulator import PATH, RivSimulator
from connectors.population_riv.translate import FLAGS, person
from hub.conformance.driver import SetClock
from hub.conformance.record_examples import CHILD, KNOWN, PERSONS
from hub.model import AddressKind, Person, PersonNumber, Protected
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError
from hub.sdk.xml import child_of, parse_xml, text_of
from tests.connectors.registers import NUMBER, Asking, lookup, over_mutual_tls, reshaped, secrets, spoken, steps
from tests.counts import examples

TODAY = date(2026, 11, 26)
CONFIG = RivConfig.model_validate(RivSimulator(SetClock()).config())
SAMORDNINGSNUMMER = PERSONS[7].identity_number
OTHER = "198112189876"


def asking(*people: Person, tests: tuple[str, ...] = (), **settings: object) -> Asking:
    clock = SetClock(datetime(2026, 11, 26, 12, tzinfo=UTC))
    register = RivSimulator(clock)
    register.tests.update(tests)
    for one in people or (PERSONS[0],):
        register.register(one, knows=KNOWN)
    return Asking(RivRegister, register, clock, **settings)


FALSE = "<protectedPersonIndicator>false</protectedPersonIndicator>"
BOTH = FALSE + "<protectedPopulationRecord>false</protectedPopulationRecord>"


def told(inside: str, *, number: PersonNumber = NUMBER, flags: str = BOTH, config: RivConfig = CONFIG) -> Person:
    """What a record with that inside says."""
    who = f"<personalIdentity><extension>{number.digits}</extension></personalIdentity>"
    record = f'<r xmlns="urn:p">{who}<testIndicator>false</testIndicator>{flags}{inside}</r>'
    found = person(etree.fromstring(record), lookup(number, guardians=True), TODAY, config)
    assert found
    return found


def partial(name: str, day: str) -> str:
    return f"<{name}><format>{'YYYY-MM-DD'[: len(day)]}</format><value>{day}</value></{name}>"


# ---------------------------------------------------------------- what is asked


@pytest.mark.parametrize(
    "index, root", [(0, "1.2.752.129.2.1.3.1"), (7, "1.2.752.129.2.1.3.3")], ids=["personnummer", "samordningsnummer"]
)
def test_the_question_is_for_one_number_and_not_for_whom_it_refers_to(index: int, root: str) -> None:
    someone = PERSONS[index]
    stand = asking(someone)
    assert stand.ask(lookup(someone.identity_number)) == someone
    (sent,) = stand.sent
    assert (sent.method, sent.url.path) == ("POST", PATH)
    responder = "urn:riv:strategicresourcemanagement:persons:person:GetPersonsForProfileResponder:5"
    assert sent.headers["SOAPAction"] == f'"{responder}:GetPersonsForProfile"'
    envelope = parse_xml(sent.content)
    assert text_of(envelope, "Header", "LogicalAddress") == "SE165565594230-1000"
    asked = child_of(envelope, "Body", "GetPersonsForProfile")
    assert (text_of(asked, "profile"), text_of(asked, "ignoreReferredIdentity")) == ("P2", "true")
    assert text_of(asked, "personId", "root") == root


def test_relations_are_asked_for_only_where_custody_is() -> None:
    stand = asking(CHILD)
    assert stand.ask(lookup(CHILD.identity_number, guardians=True)) == CHILD
    assert b">P4<" in stand.sent[0].content
    assert stand.ask(lookup(CHILD.identity_number)) == CHILD.model_copy(update={"guardians": ()})


def test_a_platform_that_does_not_know_us_is_for_a_person() -> None:
    stand = asking(logical_address="SE000000000000-1000")
    error = stand.ask()
    assert isinstance(error, RejectedError)
    assert not [secret for secret in secrets() if secret in spoken(error, stand)]


def test_settings_that_cannot_be_are_refused() -> None:
    for given_ in ({"logical_address": ""}, {"logical_address": "<x>"}, {"base_url": "esb"}):
        with pytest.raises(ValidationError):
            RivConfig.model_validate({**RivSimulator(SetClock()).config(), **given_})


# ---------------------------------------------------------------- protection, and tests


@pytest.mark.parametrize(
    "flags, left_out, protected",
    [
        (BOTH, False, Protected.NO),
        (FALSE, False, Protected.UNKNOWN),
        (FALSE, True, Protected.NO),
        ("<protectedPopulationRecord>false</protectedPopulationRecord>", True, Protected.UNKNOWN),
        (BOTH.replace("false</protectedPerson", "true</protectedPerson"), False, Protected.YES),
        (BOTH.replace("false</protectedPop", "true</protectedPop"), False, Protected.YES),
        (BOTH.replace("false</protectedPop", "TRUE</protectedPop"), False, Protected.YES),
        (BOTH.replace("false</protectedPop", "1</protectedPop"), False, Protected.UNKNOWN),
        (BOTH.replace("false</protectedPop", "0</protectedPop"), False, Protected.UNKNOWN),
        (BOTH.replace("false</protectedPop", "</protectedPop"), True, Protected.UNKNOWN),
        (BOTH + FALSE, True, Protected.UNKNOWN),
        (BOTH + "<hiddenIdentity>false</hiddenIdentity>", True, Protected.UNKNOWN),
        (BOTH + '<name xmlns="urn:other"/>', True, Protected.UNKNOWN),
        (BOTH + "<name><protectedName>true</protectedName></name>", True, Protected.UNKNOWN),
        ("", True, Protected.UNKNOWN),
    ],
)
def test_both_indicators_must_say_no(flags: str, protected: Protected, *, left_out: bool) -> None:
    config = CONFIG.model_copy(update={"left_out_is_false": left_out})
    city = f"<residentialAddress><city>{KNOWN['street']}</city></residentialAddress>"
    found = told(f"<addressInformation>{city}</addressInformation>", flags=flags, config=config)
    assert found.protected is protected
    assert (found.address is None) is (protected is not Protected.NO)


def test_a_tests_record_is_refused_in_production_and_taken_elsewhere() -> None:
    tests = (NUMBER.digits,)
    error = asking(tests=tests).ask()
    assert isinstance(error, RejectedError)
    assert "test's record in production" in str(error)
    assert asking(tests=tests, production=False).ask() == PERSONS[0]


@pytest.mark.parametrize("test", ["", "yes"])
def test_a_record_that_does_not_say_whether_it_is_a_test_is_none(test: str) -> None:
    stand = asking(production=False)
    stand.reshape = lambda body: body.replace(b"testIndicator>false", f"testIndicator>{test}".encode())
    assert isinstance(stand.ask(), TransientError)


# ---------------------------------------------------------------- what is told

HOME = "<residentialAddress><postalAddress2>Hem 1</postalAddress2><postalCode>3320</postalCode></residentialAddress>"
BOX = "<specialPostalAddress><postalAddress1>Box 1</postalAddress1></specialPostalAddress>"
AWAY = "<addressAbroad><postalAddress1>Calle 1</postalAddress1><countryCode>ES</countryCode></addressAbroad>"
GIVEN = "<givenAddress><postalAddress2>c/o 1</postalAddress2></givenAddress>"
REGISTERED = (
    "<populationRegistrationLocality><countyCode>24</countyCode><municipalityCode>80</municipalityCode>"
    "</populationRegistrationLocality>"
)


@pytest.mark.parametrize(
    "addresses, kind",
    [
        (HOME + BOX + AWAY, "forwarding"),
        (HOME + AWAY + GIVEN, "registered"),
        (AWAY + GIVEN, "abroad"),
        (GIVEN, "contact"),
    ],
)
def test_one_writes_to_the_first_of_these(addresses: str, kind: str) -> None:
    found = told(f"{REGISTERED}<addressInformation>{addresses}</addressInformation>")
    assert found.address
    assert found.address.kind is AddressKind(kind)
    assert (found.registered_address.postcode if found.registered_address else None) == (
        "03320" if "Hem" in addresses else None
    )
    assert found.municipality == "2480"


def left(inside: str, *, number: PersonNumber = NUMBER, more: str = "") -> Person:
    gone = f"<deregistration>{inside}</deregistration>" if inside else ""
    where = f"<addressInformation>{HOME}{BOX}</addressInformation>"
    return told(f"{REGISTERED}{where}{gone}{more}", number=number)


def because(code: str) -> str:
    return f"<deregistrationReasonCode>{code}</deregistrationReasonCode>"


@pytest.mark.parametrize(
    "inside, day",
    [
        (because("AV") + partial("deregistrationDate", "2006-09-10"), "2006-09-10"),
        (because("AV") + partial("deregistrationDate", "2006-09"), "2006-09"),
        (because("AV") + partial("deregistrationDate", "1979"), "1979"),
        (because("AV") + partial("foundDeadAtDate", "2026"), "2026"),
        (because("AV"), ""),
    ],
)
def test_who_is_dead_is_dead_since_when_it_is_known_and_is_written_to_nowhere(inside: str, day: str) -> None:
    found = left(inside)
    assert (found.deceased, found.deregistered, found.emigrated) == (day, "AV", None)
    assert (found.address, found.registered_address, found.municipality) == (None, None, None)


@pytest.mark.parametrize("code", ["UV", "GN", "OB", "XX", ""])
def test_any_cause_means_not_registered_here(code: str) -> None:
    found = left((because(code) if code else "") + partial("deregistrationDate", "2020-05"))
    assert found.deregistered == (code or "unknown")
    assert found.emigrated == ("2020-05" if code == "UV" else None)
    assert (found.deceased, found.registered_address, found.municipality) == (None, None, None)


def test_a_coordination_number_ends_in_its_own_way() -> None:
    died = f"<coOrdinationNumberData>{partial('deceasedDate', '2021')}</coOrdinationNumberData>"
    assert left("", number=SAMORDNINGSNUMMER, more=died).deceased == "2021"
    rests = "<personalIdentityStatus><identityStatus>VILANDEFORKLARAT</identityStatus></personalIdentityStatus>"
    assert left("", number=SAMORDNINGSNUMMER, more=rests).deregistered == "VILANDEFORKLARAT"
    assert left("", more=rests).deregistered is None


def refers(number: str) -> str:
    told_ = f"<referredPersonalIdentity><extension>{number}</extension></referredPersonalIdentity>"
    return f"<referredPersonalIdentities>{told_}</referredPersonalIdentities>"


@pytest.mark.parametrize(
    "cause, more, number",
    [
        ("GN", refers(OTHER), OTHER),
        ("GN", refers(OTHER) + refers(OTHER), OTHER),
        ("GN", refers(OTHER) + refers("197505152384"), None),
        ("", refers(OTHER), None),
        ("AV", refers(OTHER), None),
    ],
)
def test_a_changed_number_is_one_hop_forward_and_never_a_guess(cause: str, more: str, number: str | None) -> None:
    found = left(because(cause) if cause else "", more=more)
    assert found.replaced_by == (PersonNumber.parse(number) if number else None)


@pytest.mark.parametrize(
    "kind, more, holds",
    [
        ("V", "", True),
        ("VF", "", False),
        ("MO", "", False),
        ("V", partial("relationshipFromDate", "2026-11-26"), True),
        ("V", partial("relationshipFromDate", "2026-11-27"), False),
        ("V", partial("relationshipFromDate", "2026"), True),
        ("V", partial("relationshipFromDate", "nord"), False),
        ("V", partial("relationshipToDate", "2026-11-26"), True),
        ("V", partial("relationshipToDate", "2026-11-25"), False),
        ("V", partial("relationshipToDate", "2026-11"), False),
        ("V", "<relationshipToDate/>", False),
        ("V", "<deregistration/>", False),
    ],
)
def test_custody_is_of_today_and_somebodys_who_is_there(kind: str, more: str, *, holds: bool) -> None:
    who = f"<relationshipId><personalIdentity><extension>{OTHER}</extension></personalIdentity></relationshipId>"
    relation = f"<relationship>{who}<relationshipType>{kind}</relationshipType>{more}</relationship>"
    guardians = told(relation, number=CHILD.identity_number).guardians
    assert [one.identity_number for one in guardians] == ([PersonNumber.parse(OTHER)] if holds else [])
    assert told(relation).guardians == (), "nobody has custody of one who is of age"


# ---------------------------------------------------------------- over a real connection


def test_who_we_are_is_told_by_our_certificate() -> None:
    clock = SetClock()
    register = RivSimulator(clock)
    register.register(PERSONS[0], knows=KNOWN)
    with over_mutual_tls(register.handle) as stand:
        config = RivConfig.model_validate({**register.config(), "base_url": stand.address})
        detail, found = stand.run(RivRegister, config, clock, lookup())
        assert "takes our certificate" in detail
        assert found == PERSONS[0]
        with pytest.raises(ConnectorError):
            stand.run(RivRegister, config, clock, lookup(), shown=False)


# ---------------------------------------------------------------- faults, and answers of any shape


def test_another_numbers_record_is_not_used() -> None:
    stand = asking()

    def another(body: bytes) -> bytes:
        before, record, after = body.partition(b"personRecord")
        return before + record + after.replace(NUMBER.digits.encode(), OTHER.encode())

    stand.reshape = another
    error = stand.ask()
    assert isinstance(error, RejectedError)
    assert OTHER not in spoken(error, stand)


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (503, "", TransientError),
        (500, "<html/>", TransientError),
        (200, "<html/>", TransientError),
        (403, "", CredentialsError),
        (404, "", RejectedError),
    ],
)
def test_what_each_fault_means(status: int, body: str, kind: type[Exception]) -> None:
    stand = asking()
    stand.status, stand.reshape = status, lambda _: body.encode()
    assert type(stand.ask()) is kind


@pytest.mark.parametrize(
    "old, new",
    [
        (b"personRecord", b"personPost"),
        (b"GetPersonsForProfileResponse", b"GetPersonsResponse"),
        (b"extension>199001019802</", b"extension>198112189876</"),
    ],
)
def test_an_answer_that_cannot_be_read_is_not_nobody(old: bytes, new: bytes) -> None:
    stand = asking()
    stand.reshape = lambda body: body.replace(old, new)
    assert isinstance(stand.ask(), TransientError)


STRANGE = (*FLAGS, "hidden", "protected", "deregistration", "extension", "testIndicator", "name")
VALUES = ("true", "false", "1", "0", "", "TRUE", "False", "J", "N", "2026", OTHER)


@given(someone=st.sampled_from(PERSONS), left_out=st.booleans(), changes=steps(STRANGE, VALUES))
@hypothesis.settings(max_examples=examples(300, soak=10_000))
def test_no_answer_of_any_shape_tells_of_one_whose_flags_are_not_a_clear_no(
    *, someone: Person, left_out: bool, changes: Any
) -> None:
    answers: list[bytes] = []

    def reshape(body: bytes) -> bytes:
        answers.append(reshaped(body, changes, inside="personRecord", flags=FLAGS))
        return answers[-1]

    stand = asking(someone, left_out_is_false=left_out)
    stand.reshape = reshape
    found = stand.ask(lookup(someone.identity_number, guardians=True))
    said = spoken(found, stand)
    assert someone.identity_number.digits not in said
    if isinstance(found, Person) and clear(answers[-1], left_out=left_out):
        return
    assert not [secret for secret in KNOWN.values() if secret in said], answers[-1].decode()
    assert not isinstance(found, Person) or found.protected is not Protected.NO, answers[-1].decode()


def clear(body: bytes, *, left_out: bool) -> bool:
    """Whether both indicators say no, once and in so many words; the second may be left out where that is agreed."""
    records = [one for one in etree.fromstring(body).iter() if etree.QName(one).localname == "personRecord"]
    flags = [one for one in (records[0] if records else []) if etree.QName(one).localname in FLAGS]
    said = sorted((etree.QName(one).localname, one.text or "", dict(one.attrib) != {}, len(one)) for one in flags)
    no = [(flag, "false", False, 0) for flag in FLAGS]
    return said == no or (left_out and said == no[:1])
