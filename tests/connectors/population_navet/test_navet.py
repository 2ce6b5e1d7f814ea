"""What is Navet's own: flags that are left out, incomplete days, custody, faults, and answers of any shape."""

import re
from datetime import UTC, date, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from connectors.population_navet import NavetRegister
from connectors.population_navet.config import NavetConfig
from connectors.population_navet.simulator import NavetSimulator, OldNavetSimulator
from connectors.population_navet.translate import FLAGS, person
from hub.conformance.driver import SetClock
from hub.conformance.record_examples import CHILD, KNOWN, PERSON_NAMES, PERSONS
from hub.model import AddressKind, Person, PersonNumber, Protected
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError
from tests.connectors.registers import NUMBER, Asking, lookup, over_mutual_tls, reshaped, secrets, spoken, steps
from tests.counts import examples

TODAY = date(2026, 11, 26)
CONFIG = NavetSimulator(SetClock()).config()
SAMORDNINGSNUMMER = PERSONS[7].identity_number


def asking(*people: Person, simulator: type[NavetSimulator] = NavetSimulator, **settings: object) -> Asking:
    clock = SetClock(datetime(2026, 11, 26, 12, tzinfo=UTC))
    register = simulator(clock)
    for one in people or (PERSONS[0],):
        register.register(one, knows=KNOWN)
    return Asking(NavetRegister, register, clock, **settings)


def post(inside: str, *, flags: str = "", number: str = NUMBER.digits, kind: str = "PersonNr") -> etree._Element:
    """A record with that inside its Personpost."""
    who = f"<PersonId><{kind}>{number}</{kind}></PersonId>"
    return etree.fromstring(
        f"<Folkbokforingspost>{flags}<Personpost>{who}{inside}</Personpost></Folkbokforingspost>".encode()
    )


def told(inside: str, *, number: PersonNumber = NUMBER, confirmed: bool = True, **more: Any) -> Person:
    """What a record with that inside says."""
    question = lookup(number, guardians=True)
    kind = "TilldelatPersonNrSamordningsNr" if number.is_coordination_number else "PersonNr"
    record = post(inside, number=number.digits, kind=kind, **more)
    found = person(record, question, TODAY, order_has_protection=confirmed)
    assert found
    return found


# ---------------------------------------------------------------- what is asked


def test_the_question_is_the_documented_one() -> None:
    stand = asking()
    assert isinstance(stand.ask(), Person)
    (sent,) = stand.sent
    assert (sent.method, sent.url.path) == ("POST", "/na/na_epersondata/V3/personpostXML")
    assert sent.headers["SOAPAction"] == '""'
    asked = re.sub(rb"<\?xml[^>]*>\s*|ns\d+|xmlns:=", b"", sent.content)
    assert asked == (
        b'<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>'
        b'<:PersonpostRequest xmlns:="http://xmls.skatteverket.se/se/skatteverket/folkbokforing/na/epersondata/V1">'
        b"<:Bestallning><:OrgNr>162021004748</:OrgNr><:BestallningsId>00000236-FO01-0001</:BestallningsId>"
        b"</:Bestallning><:PersonId>199001019802</:PersonId></:PersonpostRequest></soap-env:Body></soap-env:Envelope>"
    )


def test_nothing_of_why_and_by_whom_is_sent() -> None:
    stand = asking()
    stand.ask(lookup(asked_by="lena.holm"))
    assert not [word for word in (b"lena.holm", b"grants", b"LOK") if word in stand.sent[0].content]


@pytest.mark.parametrize("index", range(len(PERSONS)), ids=PERSON_NAMES)
def test_a_record_of_2015_is_read_and_says_nobody_is_unprotected(index: int) -> None:
    stand = asking(PERSONS[index], simulator=OldNavetSimulator)
    protected = Protected.YES if PERSONS[index].protected is Protected.YES else Protected.UNKNOWN
    number = PERSONS[index].identity_number
    assert stand.ask(lookup(number)) == Person(identity_number=number, protected=protected)


def test_settings_that_cannot_be_are_refused() -> None:
    for given_ in (
        {"version": "V2", "order_has_protection": True},
        {"version": "V5"},
        {"organisation": "199001019802"},
        {"order": "236-FO01-1"},
    ):
        with pytest.raises(ValidationError):
            NavetConfig.model_validate({**CONFIG, **given_})


# ---------------------------------------------------------------- protection

N_AND_N = "<Sekretessmarkering>N</Sekretessmarkering><SkyddadFolkbokforing>N</SkyddadFolkbokforing>"
NIL = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"'


@pytest.mark.parametrize("confirmed, protected", [(True, Protected.NO), (False, Protected.UNKNOWN)])
def test_a_missing_flag_is_a_no_only_where_the_order_has_it(*, confirmed: bool, protected: Protected) -> None:
    stand = asking(order_has_protection=confirmed)
    found = stand.ask()
    assert isinstance(found, Person)
    assert found.protected is protected
    assert (found.name is None) is not confirmed


@pytest.mark.parametrize(
    "flags, confirmed, protected",
    [
        (N_AND_N, False, Protected.NO),
        (N_AND_N, True, Protected.NO),
        ("<SkyddadFolkbokforing>N</SkyddadFolkbokforing>", True, Protected.NO),
        ("<SkyddadFolkbokforing>N</SkyddadFolkbokforing>", False, Protected.UNKNOWN),
        ("<Sekretessmarkering>J</Sekretessmarkering>", True, Protected.YES),
        ("<SkyddadFolkbokforing>J</SkyddadFolkbokforing>", True, Protected.YES),
        (N_AND_N.replace(">N</Sek", ">J</Sek"), False, Protected.YES),
        (N_AND_N.replace(">N</Sky", ">J</Sky"), False, Protected.YES),
        (N_AND_N.replace(">N</Sky", ">j</Sky"), False, Protected.YES),
        (N_AND_N.replace(">N</Sky", ">n</Sky"), True, Protected.UNKNOWN),
        (N_AND_N.replace(">N</Sky", "></Sky"), True, Protected.UNKNOWN),
        (N_AND_N.replace(">N</Sky", ">NEJ</Sky"), True, Protected.UNKNOWN),
        (N_AND_N.replace(">N</Sky", f" {NIL}></Sky"), True, Protected.UNKNOWN),
        (N_AND_N.replace(">N</Sky", f" {NIL}>N</Sky"), True, Protected.UNKNOWN),
        (N_AND_N.replace(">N</Sky", ">N<x/></Sky"), True, Protected.UNKNOWN),
        (N_AND_N + "<SkyddadFolkbokforing>N</SkyddadFolkbokforing>", True, Protected.UNKNOWN),
        (N_AND_N + "<SkyddadFolkbokforing>J</SkyddadFolkbokforing>", True, Protected.YES),
        (N_AND_N + "<FingeradePersonuppgifter>N</FingeradePersonuppgifter>", True, Protected.UNKNOWN),
        (N_AND_N + '<Sekretessmarkering xmlns="urn:other">N</Sekretessmarkering>', True, Protected.UNKNOWN),
        ('<Sekretessmarkering xmlns="urn:other">N</Sekretessmarkering>', True, Protected.UNKNOWN),
    ],
)
def test_what_is_not_a_clear_no_is_none(flags: str, protected: Protected, *, confirmed: bool) -> None:
    home = f"<Adresser><Folkbokforingsadress><Postort>{KNOWN['street']}</Postort></Folkbokforingsadress></Adresser>"
    found = told(home, flags=flags, confirmed=confirmed)
    assert found.protected is protected
    assert (KNOWN["street"] in repr(found.model_dump())) is (protected is Protected.NO)


@pytest.mark.parametrize(
    "inside",
    ["<Sekretessmarkering>N</Sekretessmarkering>", "<Adresser><SkyddadAdress/></Adresser>", '<Namn skyddad="J"/>'],
)
def test_what_speaks_of_protection_at_any_other_place_is_not_passed_over(inside: str) -> None:
    assert told(inside, flags=N_AND_N).protected is Protected.UNKNOWN


def test_what_is_new_in_a_record_and_does_not_speak_of_protection_is_passed_over() -> None:
    found = told("<Adresser><Distrikt><Distriktskod>1</Distriktskod></Distrikt></Adresser><Nytt/>", flags=N_AND_N)
    assert found.protected is Protected.NO


# ---------------------------------------------------------------- what is told


def name(inside: str) -> str | None:
    return told(f"<Namn>{inside}</Namn>").name


def test_a_name_is_whole_and_the_shortened_one_is_the_last_resort() -> None:
    whole = "<Tilltalsnamnsmarkering>20</Tilltalsnamnsmarkering><Fornamn>Anna Lena</Fornamn>"
    more = "<Mellannamn>af</Mellannamn><Efternamn>Ek</Efternamn><Aviseringsnamn>Ek, Lena</Aviseringsnamn>"
    assert name(whole + more) == "Anna Lena af Ek"
    assert name("<Aviseringsnamn>Ek, Lena</Aviseringsnamn>") == "Ek, Lena"
    assert name("") is None


@pytest.mark.parametrize(
    "written, read", [("3320", "03320"), ("00123", "00123"), ("90326", "90326"), ("0", ""), ("", "")]
)
def test_a_postcode_has_five_digits_again(written: str, read: str) -> None:
    found = told(
        f"<Adresser><Folkbokforingsadress><PostNr>{written}</PostNr><Postort>Å</Postort></Folkbokforingsadress></Adresser>"
    )
    assert found.registered_address
    assert found.registered_address.postcode == read


HOME = "<Folkbokforingsadress><Utdelningsadress2>Hem 1</Utdelningsadress2></Folkbokforingsadress>"
BOX = "<SarskildPostadress><Utdelningsadress1>Box 1</Utdelningsadress1></SarskildPostadress>"
AWAY = "<Utlandsadress><Utdelningsadress1>Calle 1</Utdelningsadress1><Land>SPANIEN</Land></Utlandsadress>"
REGISTERED = "<Folkbokforing><LanKod>24</LanKod><KommunKod>80</KommunKod></Folkbokforing>"


@pytest.mark.parametrize(
    "addresses, kind", [(HOME + BOX + AWAY, "forwarding"), (HOME + AWAY, "registered"), (AWAY, "abroad")]
)
def test_one_writes_to_the_first_of_these(addresses: str, kind: str) -> None:
    found = told(f"{REGISTERED}<Adresser>{addresses}</Adresser>")
    assert found.address
    assert found.address.kind is AddressKind(kind)
    assert (found.registered_address is not None) is ("Hem" in addresses)
    assert found.municipality == "2480"


def test_a_record_without_addresses_tells_none() -> None:
    found = told(
        "<Adresser><Folkbokforingsadress/><Utlandsadress/></Adresser><Folkbokforing><LanKod>24</LanKod></Folkbokforing>"
    )
    assert (found.address, found.registered_address, found.municipality) == (None, None, None)


def left(inside: str) -> Person:
    return told(f"<Avregistrering>{inside}</Avregistrering>{REGISTERED}<Adresser>{HOME}{BOX}</Adresser>")


@pytest.mark.parametrize(
    "inside, day",
    [
        ("<Avregistreringsdatum>20060910</Avregistreringsdatum>", "2006-09-10"),
        ("<Avregistreringsdatum>20060900</Avregistreringsdatum>", "2006-09"),
        ("<Avregistreringsdatum>20060012</Avregistreringsdatum>", "2006"),
        ("<Avregistreringsdatum>19790000</Avregistreringsdatum>", "1979"),
        ("<Avregistreringsdatum>0</Avregistreringsdatum>", ""),
        ("<Avregistreringsdatum>i fjol</Avregistreringsdatum>", ""),
        ("<AntraffadDod>20260301</AntraffadDod>", "2026-03-01"),
        ("<Avregistreringsdatum>0</Avregistreringsdatum><AntraffadDod>20260000</AntraffadDod>", "2026"),
        ("<AntraffadDod>0</AntraffadDod>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_who_is_dead_is_dead_since_when_it_is_known_and_is_written_to_nowhere(inside: str, day: str) -> None:
    found = left(f"<AvregistreringsorsakKod>AV</AvregistreringsorsakKod>{inside}")
    assert (found.deceased, found.deregistered, found.emigrated) == (day, "AV", None)
    assert (found.address, found.registered_address, found.municipality) == (None, None, None)


def test_who_was_found_dead_is_dead_whatever_the_code() -> None:
    assert left("<AntraffadDod>20260301</AntraffadDod>").deceased == "2026-03-01"


@pytest.mark.parametrize("code", ["UV", "GN", "OB", "AN", "XX", ""])
def test_any_cause_means_not_registered_here(code: str) -> None:
    day = "<Avregistreringsdatum>20200501</Avregistreringsdatum>"
    found = left(f"<AvregistreringsorsakKod>{code}</AvregistreringsorsakKod>{day}" if code else "")
    assert found.deregistered == (code or "unknown")
    assert found.emigrated == ("2020-05-01" if code == "UV" else None)
    assert (found.deceased, found.registered_address, found.municipality) == (None, None, None)
    assert found.address
    assert found.address.kind is AddressKind.FORWARDING


def test_a_coordination_number_ends_in_its_own_way() -> None:
    died = "<Samordningsnummeruppgifter><DatumAvliden>20210000</DatumAvliden></Samordningsnummeruppgifter>"
    found = told(died, number=SAMORDNINGSNUMMER)
    assert (found.deceased, found.deregistered) == ("2021", "AV")


@pytest.mark.parametrize("status, cause", [("AKTIVT", None), ("VILANDEFORKLARAT", "VILANDEFORKLARAT")])
def test_a_coordination_number_that_rests_is_no_active_one(status: str, cause: str | None) -> None:
    record = post("", number=SAMORDNINGSNUMMER.digits, kind="TilldelatPersonNrSamordningsNr")
    who = record.find("Personpost/PersonId")
    assert who is not None
    etree.SubElement(etree.SubElement(who, "Identitetsstatus"), "IdentitetsstatusVarde").text = status
    found = person(record, lookup(SAMORDNINGSNUMMER), TODAY, order_has_protection=True)
    assert found
    assert found.deregistered == cause


OTHER, THIRD = "198112189876", "197505152384"


def now(number: str) -> str:
    return f"<HanvisningsPersonNr>{number}</HanvisningsPersonNr>"


@pytest.mark.parametrize(
    "cause, inside, number",
    [
        ("GN", now(OTHER), OTHER),
        ("AS", now(OTHER), OTHER),
        ("GN", f"<Hanvisningar><Hanvisning>{now(OTHER)}</Hanvisning></Hanvisningar>", OTHER),
        ("GN", f"{now(OTHER)}<Hanvisningar><Hanvisning>{now(OTHER)}</Hanvisning></Hanvisningar>", OTHER),
        ("GN", f"{now(OTHER)}<Hanvisningar><Hanvisning>{now(THIRD)}</Hanvisning></Hanvisningar>", None),
        ("GN", now(NUMBER.digits), None),
        ("GN", "", None),
        ("", now(OTHER), None),
        ("AV", now(OTHER), None),
    ],
)
def test_a_changed_number_is_one_hop_forward_and_never_a_guess(cause: str, inside: str, number: str | None) -> None:
    left_ = f"<Avregistrering><AvregistreringsorsakKod>{cause}</AvregistreringsorsakKod></Avregistrering>"
    assert told(inside + (left_ if cause else "")).replaced_by == (PersonNumber.parse(number) if number else None)


# ---------------------------------------------------------------- custody


def guardians(*relations: str, child: PersonNumber = CHILD.identity_number) -> list[str]:
    """The numbers of those who have custody, or that none is told."""
    found = told(f"<Relationer>{''.join(relations)}</Relationer>", number=child).guardians
    return [one.identity_number.digits if one.identity_number else "none" for one in found]


def relation(more: str = "", *, kind: str = "V", who: str = f"<PersonNr>{OTHER}</PersonNr>") -> str:
    return f"<Relation><RelationId>{who}</RelationId><Relationstyp>{kind}</Relationstyp>{more}</Relation>"


def test_custody_is_not_parenthood() -> None:
    assert guardians(*(relation(kind=kind) for kind in ("B", "MO", "FA", "F", "VF", "M", "P"))) == []
    assert guardians(relation(kind="MO"), relation(), relation(who="<FodelsetidNr>197502020000</FodelsetidNr>")) == [
        OTHER,
        "none",
    ]


@pytest.mark.parametrize(
    "more, holds",
    [
        ("<RelationFromdatum>20261126</RelationFromdatum>", True),
        ("<RelationFromdatum>20261127</RelationFromdatum>", False),
        ("<RelationFromdatum>20260000</RelationFromdatum>", True),
        ("<RelationFromdatum>x</RelationFromdatum>", False),
        ("<RelationTomdatum>20261126</RelationTomdatum>", True),
        ("<RelationTomdatum>20261125</RelationTomdatum>", False),
        ("<RelationTomdatum>20261100</RelationTomdatum>", False),
        ("<RelationTomdatum>0</RelationTomdatum>", False),
        ("<RelationTomdatum></RelationTomdatum>", False),
        (f"<RelationTomdatum {NIL}/>", True),
        ("<Avregistrering><AvregistreringsorsakKod>AV</AvregistreringsorsakKod></Avregistrering>", False),
        ("<Avregistrering/>", False),
    ],
)
def test_custody_has_begun_has_not_ended_and_is_somebodys_who_is_there(more: str, *, holds: bool) -> None:
    assert guardians(relation(more)) == ([OTHER] if holds else [])


@pytest.mark.parametrize("born, holds", [("20081127", True), ("20081126", False)])
def test_nobody_has_custody_of_one_who_is_of_age(born: str, *, holds: bool) -> None:
    number = next(PersonNumber.parse(f"{born}123{n}") for n in range(10) if _is_number(f"{born}123{n}"))
    assert bool(guardians(relation(), child=number)) is holds


def _is_number(text: str) -> bool:
    try:
        PersonNumber.parse(text)
    except ValueError:
        return False
    return True


def test_a_day_is_the_one_of_swedish_clocks() -> None:
    stand = asking(CHILD)
    stand.clock.time = datetime(2033, 6, 10, 21, 59, tzinfo=UTC)
    child = lookup(CHILD.identity_number, guardians=True)
    record = stand.simulator
    assert isinstance(record, NavetSimulator)
    record.register(CHILD, knows=KNOWN)
    found = stand.ask(child)
    assert isinstance(found, Person)
    assert len(found.guardians) == 2
    stand.clock.time = datetime(2033, 6, 10, 22, 0, tzinfo=UTC)  # the eleventh in Sweden: of age
    found = stand.ask(child)
    assert isinstance(found, Person)
    assert found.guardians == ()


# ---------------------------------------------------------------- over a real connection


def test_who_we_are_is_told_by_our_certificate() -> None:
    clock = SetClock()
    register = NavetSimulator(clock)
    register.register(PERSONS[0], knows=KNOWN)
    with over_mutual_tls(register.handle) as stand:
        config = NavetConfig.model_validate({**CONFIG, "base_url": f"{stand.address}na/na_epersondata/"})
        detail, found = stand.run(NavetRegister, config, clock, lookup())
        assert "takes our certificate" in detail
        assert found == PERSONS[0]
        with pytest.raises(ConnectorError):
            stand.run(NavetRegister, config, clock, lookup(), shown=False)


# ---------------------------------------------------------------- faults, and answers of any shape


def test_another_numbers_record_is_not_used() -> None:
    stand = asking()
    stand.reshape = lambda body: body.replace(NUMBER.digits.encode(), OTHER.encode())
    error = stand.ask()
    assert isinstance(error, RejectedError)
    assert "another number" in str(error)
    assert OTHER not in spoken(error, stand)


def test_a_fault_is_for_a_person_with_its_felkod_and_without_its_words() -> None:
    stand = asking(order="00000236-FO01-0002")
    error = stand.ask()
    assert isinstance(error, RejectedError)
    assert "Felkod 4" in str(error)
    assert not [secret for secret in secrets() if secret in spoken(error, stand)]


def test_a_felkod_that_passes_is_asked_again() -> None:
    error = asking(order="00000236-FO01-0002", passing_faults=[4]).ask()
    assert isinstance(error, TransientError)


FAULT = (
    '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault><faultcode>{}</faultcode>'
    "<faultstring>199001019802</faultstring>{}</S:Fault></S:Body></S:Envelope>"
)
TELLING = '<detail><e:WebServiceFault xmlns:e="urn:e"><e:Felkod>199001019802</e:Felkod></e:WebServiceFault></detail>'


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (500, FAULT.format("S:Server", ""), TransientError),
        (500, FAULT.format("S:Client", ""), RejectedError),
        (200, FAULT.format("S:Client.Order", ""), RejectedError),
        (500, FAULT.format("199001019802", ""), TransientError),
        (500, FAULT.format("S:Server", TELLING), RejectedError),
        (503, "Tjänsten är stängd 31 december", TransientError),
        (200, "Tjänsten är stängd 199001019802", TransientError),
        (200, "<html><body>Logga in</body></html>", TransientError),
        (500, "<html><body>Fel</body></html>", TransientError),
        (403, "", CredentialsError),
        (404, "<html/>", RejectedError),
        (200, '<!DOCTYPE x [<!ENTITY a "b">]>' + FAULT.format("S:Client", ""), TransientError),
    ],
)
def test_what_each_fault_means(status: int, body: str, kind: type[Exception]) -> None:
    stand = asking()
    stand.status, stand.reshape = status, lambda _: body.encode()
    error = stand.ask()
    assert type(error) is kind
    assert NUMBER.digits not in spoken(error, stand)


@pytest.mark.parametrize(
    "old, new",
    [
        (b"Folkbokforingspost>", b"Annanpost>"),
        (b"<Personpost>", b"<Personpost/><Personpost>"),
        (b"PersonpostXMLResponse", b"PersonpostResponse"),
        (b"</Folkbokforingspost>", b"</Folkbokforingspost><Folkbokforingspost/>"),
        (b"<PersonNr>199001019802</PersonNr>", b""),
        (b"<na:Folkbokforingsposter>", b'<na:Folkbokforingsposter annat="1">'),
    ],
)
def test_a_record_that_cannot_be_read_is_nobodys_and_not_nobody(old: bytes, new: bytes) -> None:
    stand = asking()
    stand.reshape = lambda body: body.replace(old, new)
    assert isinstance(stand.ask(), TransientError)


STRANGE = (*FLAGS, "Skyddad", "Personpost", "Fingerade", "Avregistrering", "PersonNr", "Historik")
VALUES = ("J", "N", "JA", "NEJ", "", "j", "n", "0", "1", "true", "N N", OTHER)


@given(
    someone=st.sampled_from(PERSONS),
    confirmed=st.booleans(),
    flagged=st.sampled_from([None, "J", "N", "X", ""]),
    changes=steps(STRANGE, VALUES),
)
@hypothesis.settings(max_examples=examples(300, soak=10_000))
def test_no_answer_of_any_shape_tells_of_one_whose_flags_are_not_a_clear_no(
    *, someone: Person, confirmed: bool, flagged: str | None, changes: Any
) -> None:
    answers: list[bytes] = []

    def reshape(body: bytes) -> bytes:
        if flagged is not None:
            said = "".join(f"<{flag}>{flagged}</{flag}>" for flag in FLAGS)
            body = body.replace(b"<Folkbokforingspost>", b"<Folkbokforingspost>" + said.encode())
        answers.append(reshaped(body, changes, inside="Folkbokforingspost", flags=FLAGS))
        return answers[-1]

    stand = asking(someone, order_has_protection=confirmed)
    stand.reshape = reshape
    found = stand.ask(lookup(someone.identity_number, guardians=True))
    said = spoken(found, stand)
    assert someone.identity_number.digits not in said
    if isinstance(found, Person) and clear(answers[-1], confirmed=confirmed):
        return
    assert not [secret for secret in KNOWN.values() if secret in said], answers[-1].decode()
    assert not isinstance(found, Person) or found.protected is not Protected.NO, answers[-1].decode()


def clear(body: bytes, *, confirmed: bool) -> bool:
    """Whether both flags say no, or were left out by an order that has them, and nothing else may mean protection."""
    written = re.sub(r' xmlns:\w+="[^"]*"', "", body.decode())
    _, _, after = written.partition("<Folkbokforingspost")
    record, closed, _ = after.partition("</Folkbokforingspost>")
    if not closed:
        return False
    for flag in FLAGS:
        told = record.count(f"<{flag}>N</{flag}>")
        left_out = confirmed and flag not in record
        if not left_out and (told != 1 or record.count(flag) != 2):
            return False
    rest = re.sub("|".join(f"<{flag}>N</{flag}>" for flag in FLAGS), "", record)
    return not re.search("sekretess|skydd", rest, re.IGNORECASE)
