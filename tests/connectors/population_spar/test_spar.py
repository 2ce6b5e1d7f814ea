"""What is SPAR's own: histories, the human who asks, errors inside a good answer, and answers of any shape."""

from datetime import UTC, date, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from connectors.population_spar import SparRegister
from connectors.population_spar.config import SparConfig
from connectors.population_spar.simulator import SparSimulator
from connectors.population_spar.translate import FLAGS, person
from hub.conformance.driver import SetClock
from hub.conformance.record_examples import CHILD, KNOWN, PERSONS
from hub.model import AddressKind, Person, PersonNumber, Protected
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError
from hub.sdk.soap import body_of
from hub.sdk.xml import parse_xml
from tests.connectors.registers import NUMBER, Asking, lookup, over_mutual_tls, reshaped, secrets, spoken, steps
from tests.counts import examples

TODAY = date(2026, 11, 26)
CONFIG = SparSimulator(SetClock()).config()
SAMORDNINGSNUMMER = PERSONS[7].identity_number
OTHER = "198112189876"
SPACE = "http://statenspersonadressregister.se/schema/komponent/person/any-9.9"


def asking(*people: Person, **settings: object) -> Asking:
    clock = SetClock(datetime(2026, 11, 26, 12, tzinfo=UTC))
    register = SparSimulator(clock)
    for one in people or (PERSONS[0],):
        register.register(one, knows=KNOWN)
    return Asking(SparRegister, register, clock, **settings)


NEJ_OCH_NEJ = "<Sekretessmarkering>NEJ</Sekretessmarkering><SkyddadFolkbokforing>NEJ</SkyddadFolkbokforing>"


def told(inside: str, *, number: PersonNumber = NUMBER, flags: str = NEJ_OCH_NEJ) -> Person:
    """What a record with that inside says."""
    record = f"<PersonId><IdNummer>{number.digits}</IdNummer></PersonId>{flags}{inside}"
    found = person(etree.fromstring(f'<P xmlns="{SPACE}">{record}</P>'.encode()), lookup(number, guardians=True), TODAY)
    assert found
    return found


def row(name: str, inside: str, *, begins: str = "2020-01-01", ends: str = "9999-12-31") -> str:
    return f"<{name}><DatumFrom>{begins}</DatumFrom><DatumTill>{ends}</DatumTill>{inside}</{name}>"


# ---------------------------------------------------------------- what is asked


@pytest.mark.parametrize("version, person_space", [("2021.1", "person-1.2"), ("2023.1", "person-1.3")])
def test_the_question_names_the_human_who_asks_in_the_words_of_its_version(version: str, person_space: str) -> None:
    stand = asking(version=version)
    stand.ask(lookup(asked_by="lena.holm@kommun.example"))
    (sent,) = stand.sent
    assert (sent.method, sent.url.path) == ("POST", f"/{version}/")
    assert sent.headers["SOAPAction"] == f'"http://skatteverket.se/spar/personsok/{version}/PersonsokService/Personsok"'
    asked = body_of(parse_xml(sent.content))
    texts = {etree.QName(one).localname: one.text for one in asked.iter() if not len(one)}
    assert texts == {
        "KundNrLeveransMottagare": "500243", "KundNrSlutkund": "500243", "UppdragId": "637",
        "SlutAnvandarId": "lena.holm@kommun.example", "IdNummer": NUMBER.digits,
    }  # fmt: skip
    assert (
        etree.QName(asked[1][0]).namespace
        == f"http://statenspersonadressregister.se/schema/komponent/person/{person_space}"
    )


def test_relations_are_asked_for_only_where_custody_is() -> None:
    stand = asking(CHILD)
    child = stand.ask(lookup(CHILD.identity_number, guardians=True))
    assert isinstance(child, Person)
    assert child.guardians == CHILD.guardians
    assert b"Relationer" in stand.sent[0].content
    assert stand.ask(lookup(CHILD.identity_number)) == CHILD.model_copy(update={"guardians": ()})
    assert b"SlutAnvandarUtokadBehorighet" not in stand.sent[1].content


def test_custody_that_may_not_be_asked_for_is_not_told_to_be_nobodys() -> None:
    stand = asking(CHILD, relations=False)
    assert isinstance(stand.ask(lookup(CHILD.identity_number, guardians=True)), RejectedError)
    assert stand.sent == []


def test_an_answer_of_a_version_whose_schema_is_not_public_is_read_by_local_names() -> None:
    stand = asking(version="2023.1")
    assert isinstance(stand.simulator, SparSimulator)
    record = etree.tostring(stand.simulator.posts[NUMBER.digits])
    newer = record.replace(b"person-1.2", b"person-1.3").replace(b"persondetaljer-1.2", b"persondetaljer-1.3")
    stand.status = 200
    stand.reshape = lambda _: (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        b'<SPARPersonsokningSvar xmlns="http://statenspersonadressregister.se/schema/personsok/2023.1/personsokningsvar">'
        + newer + b"</SPARPersonsokningSvar></e:Body></e:Envelope>"
    )  # fmt: skip
    assert stand.ask() == PERSONS[0]


def test_settings_that_cannot_be_are_refused() -> None:
    for given_ in ({"version": "2019.1"}, {"customer": 500000}, {"end_customer": 600000}, {"assignment": 0}):
        with pytest.raises(ValidationError):
            SparConfig.model_validate({**CONFIG, **given_})


# ---------------------------------------------------------------- protection


@pytest.mark.parametrize(
    "flags, protected",
    [
        (NEJ_OCH_NEJ, Protected.NO),
        (NEJ_OCH_NEJ.replace("NEJ</Sek", "JA</Sek"), Protected.YES),
        (NEJ_OCH_NEJ.replace("NEJ</Sky", "JA</Sky"), Protected.YES),
        (NEJ_OCH_NEJ.replace("NEJ</Sky", "ja</Sky"), Protected.YES),
        (NEJ_OCH_NEJ.replace("NEJ</Sky", "N</Sky"), Protected.UNKNOWN),
        (NEJ_OCH_NEJ.replace("NEJ</Sky", "</Sky"), Protected.UNKNOWN),
        ("<Sekretessmarkering>NEJ</Sekretessmarkering>", Protected.UNKNOWN),
        ("<SkyddadFolkbokforing>NEJ</SkyddadFolkbokforing>", Protected.UNKNOWN),
        ("", Protected.UNKNOWN),
        (NEJ_OCH_NEJ + "<Sekretessmarkering>NEJ</Sekretessmarkering>", Protected.UNKNOWN),
        (NEJ_OCH_NEJ + "<Sekretessmarkering>JA</Sekretessmarkering>", Protected.YES),
        (NEJ_OCH_NEJ.replace("<Sekretessmarkering>", '<Sekretessmarkering sattAvSPAR="JA">'), Protected.UNKNOWN),
        (NEJ_OCH_NEJ.replace("<Sekretessmarkering>NEJ", '<Sekretessmarkering sattAvSPAR="JA">JA'), Protected.YES),
        (NEJ_OCH_NEJ + "<SekretessDatum>2020-01-01</SekretessDatum>", Protected.NO),
        (NEJ_OCH_NEJ + "<FingeradIdentitet>NEJ</FingeradIdentitet>", Protected.UNKNOWN),
        (NEJ_OCH_NEJ + '<Namn xmlns="urn:other"/>', Protected.UNKNOWN),
        (NEJ_OCH_NEJ + "<Persondetaljer><Skyddad>JA</Skyddad></Persondetaljer>", Protected.UNKNOWN),
    ],
)  # fmt: skip
def test_both_flags_must_say_no_and_nothing_else_may_mean_yes(flags: str, protected: Protected) -> None:
    found = told(f"<Namn><Fornamn>{KNOWN['name']}</Fornamn></Namn>", flags=flags)
    assert found.protected is protected
    assert (found.name is None) is (protected is not Protected.NO)


@pytest.mark.parametrize(
    "inside, ends, protected",
    [
        ("<Sekretessmarkering>JA</Sekretessmarkering>", "9999-12-31", Protected.YES),
        ("<Sekretessmarkering>JA</Sekretessmarkering>", "2026-11-27", Protected.YES),
        ("<Sekretessmarkering>JA</Sekretessmarkering>", "2026-11-26", Protected.NO),
        ("<SkyddadFolkbokforing>?</SkyddadFolkbokforing>", "9999-12-31", Protected.UNKNOWN),
        ("<SkyddadFolkbokforing>NEJ</SkyddadFolkbokforing>", "9999-12-31", Protected.NO),
        ("", "9999-12-31", Protected.NO),
    ],
)
def test_a_row_that_is_not_past_can_say_yes_too(inside: str, ends: str, protected: Protected) -> None:
    assert told(row("Persondetaljer", inside, ends=ends)).protected is protected


def test_a_marking_that_begins_tomorrow_counts_today() -> None:
    marked = row("Persondetaljer", "<Sekretessmarkering>JA</Sekretessmarkering>", begins="2026-11-27")
    assert told(row("Persondetaljer", "", ends="2026-11-27") + marked).protected is Protected.YES


# ---------------------------------------------------------------- histories


def name(begins: str, ends: str) -> str | None:
    return told(row("Namn", "<Fornamn>Lena</Fornamn>", begins=begins, ends=ends)).name


def test_a_row_holds_from_its_first_day_to_the_one_before_its_last() -> None:
    assert name("2026-11-26", "9999-12-31") == "Lena"
    assert name("2020-01-01", "2026-11-27") == "Lena"
    assert name("2020-01-01", "2026-11-26") is None
    assert name("2026-11-27", "9999-12-31") is None
    assert told("<Namn><Fornamn>Lena</Fornamn></Namn>").name == "Lena"


@pytest.mark.parametrize(
    "rows",
    [
        row("Namn", "<Fornamn>Lena</Fornamn>") + row("Namn", "<Fornamn>Eva</Fornamn>"),
        row("Namn", "<Fornamn>Lena</Fornamn>") + "<Namn><Fornamn>Eva</Fornamn></Namn>",
        row("Namn", "<Fornamn>Lena</Fornamn>", ends="for ever"),
        "<Namn><DatumFrom>2020-01-01</DatumFrom><Fornamn>Lena</Fornamn></Namn>",
    ],
)
def test_which_of_several_rows_holds_is_never_guessed(rows: str) -> None:
    with pytest.raises(ValueError, match=r"several rows|isoformat"):
        told(rows)


def address(name_: str, line: str, *, ends: str = "9999-12-31", shape: str = "SvenskAdress", more: str = "") -> str:
    inside = f"<Utdelningsadress2>{line}</Utdelningsadress2>{more}"
    return f"<{name_}>{row(shape, inside, ends=ends)}</{name_}>"


HOME = address("Folkbokforingsadress", "Hem 2") + address("Folkbokforingsadress", "Hem 1", ends="2020-02-02")
BOX = address("SarskildPostadress", "Box 1")
AWAY = address("Utlandsadress", "Calle 1", shape="InternationellAdress", more="<Land>SPANIEN</Land>")
CONTACT = address("Kontaktadress", "c/o 1")


@pytest.mark.parametrize(
    "addresses, kind, line",
    [
        (HOME + BOX + AWAY + CONTACT, "forwarding", "Box 1"),
        (HOME + AWAY + CONTACT, "registered", "Hem 2"),
        (AWAY + CONTACT, "abroad", "Calle 1"),
        (CONTACT, "contact", "c/o 1"),
    ],
)
def test_one_writes_to_the_first_of_these_that_holds_today(addresses: str, kind: str, line: str) -> None:
    found = told(addresses)
    assert found.address
    assert (found.address.kind, found.address.lines) == (AddressKind(kind), (line,))
    assert (found.registered_address is not None) is ("Hem" in addresses)


def test_where_one_was_is_no_address() -> None:
    found = told(address("Folkbokforingsadress", "Hem 1", ends="2020-02-02"))
    assert (found.address, found.registered_address) == (None, None)


COUNTY, MUNICIPALITY = "<FolkbokfordLanKod>24</FolkbokfordLanKod>", "<FolkbokfordKommunKod>80</FolkbokfordKommunKod>"
REGISTERED = row("Folkbokforing", COUNTY + MUNICIPALITY)
GONE = "<AvregistreringsorsakKod>GN</AvregistreringsorsakKod>"
DEAD = GONE.replace("GN", "AV")


def left(inside: str, number: PersonNumber = NUMBER) -> Person:
    return told(row("Persondetaljer", inside) + REGISTERED + HOME + BOX, number=number)


@pytest.mark.parametrize(
    "inside, day, cause",
    [
        (f"{DEAD}<Avlidendatum>2019-01-00</Avlidendatum>", "2019-01", "AV"),
        (DEAD.replace("AV", "A"), "", "A"),
        (f"{DEAD}<Avregistreringsdatum>2019</Avregistreringsdatum>", "2019", "AV"),
        (f"{DEAD}<AntraffadDodDatum>0</AntraffadDodDatum>", "", "AV"),
        ("<AntraffadDodDatum>2026-03-01</AntraffadDodDatum>", "2026-03-01", "AV"),
        ("<Avlidendatum>0000-00-00</Avlidendatum><AntraffadDodDatum>202603</AntraffadDodDatum>", "2026-03", "AV"),
        ("<SnAvlidendatum>2021-00-00</SnAvlidendatum>", "2021", "AV"),
    ],
)  # fmt: skip
def test_who_is_dead_is_dead_since_when_it_is_known_and_is_written_to_nowhere(
    inside: str, day: str, cause: str
) -> None:
    found = left(inside)
    assert (found.deceased, found.deregistered, found.emigrated) == (day, cause, None)
    assert (found.address, found.registered_address, found.municipality) == (None, None, None)


@pytest.mark.parametrize("code", ["UV", "GN", "G", "O", "OB", ""])
def test_any_cause_means_not_registered_here(code: str) -> None:
    told_code = f"<AvregistreringsorsakKod>{code}</AvregistreringsorsakKod>" if code else ""
    found = left(f"{told_code}<Avregistreringsdatum>2020-05-01</Avregistreringsdatum>")
    assert found.deregistered == (code or "unknown")
    assert found.emigrated == ("2020-05-01" if code == "UV" else None)
    assert (found.deceased, found.registered_address, found.municipality) == (None, None, None)
    assert found.address
    assert found.address.kind is AddressKind.FORWARDING


def test_who_is_registered_here_is_so_in_a_municipality() -> None:
    found = left("")
    assert (found.deregistered, found.municipality) == (None, "2480")
    assert found.registered_address


@pytest.mark.parametrize(
    "status, number, cause",
    [
        ("AKTIVT", SAMORDNINGSNUMMER, None),
        ("VILANDEFORKLARAT", SAMORDNINGSNUMMER, "VILANDEFORKLARAT"),
        ("EJ_AKTUELLT", NUMBER, None),
    ],
)
def test_a_coordination_number_that_rests_is_no_active_one(
    status: str, number: PersonNumber, cause: str | None
) -> None:
    assert left(f"<SnStatus>{status}</SnStatus>", number).deregistered == cause


def leads(number: str, kind: str) -> str:
    return f"<Hanvisning><IdNummer>{number}</IdNummer>{f'<Typ>{kind}</Typ>' if kind else ''}</Hanvisning>"


@pytest.mark.parametrize(
    "inside, number",
    [
        (leads(OTHER, "Till"), OTHER),
        (leads(OTHER, "Fran"), None),
        (leads(OTHER, ""), None),
        (GONE + leads(OTHER, ""), OTHER),
        (GONE + leads(OTHER, "Fran"), None),
        (leads(OTHER, "Till") + leads("197505152384", "Fran"), OTHER),
        (leads(OTHER, "Till") + leads("197505152384", "Till"), None),
        (leads(NUMBER.digits, "Till"), None),
    ],
)
def test_a_changed_number_is_one_hop_forward_and_never_a_guess(inside: str, number: str | None) -> None:
    assert left(inside).replaced_by == (PersonNumber.parse(number) if number else None)


CUSTODY = f"<Relationstyp>VÅRDNADSHAVARE</Relationstyp><IdNummer>{OTHER}</IdNummer>"


@pytest.mark.parametrize(
    "relation, holds",
    [
        (row("Relation", CUSTODY), True),
        (row("Relation", CUSTODY, ends="2026-11-27"), True),
        (row("Relation", CUSTODY, ends="2026-11-26"), False),
        (row("Relation", CUSTODY, begins="2026-11-27"), False),
        (row("Relation", CUSTODY + "<Avlidendatum>0</Avlidendatum>"), False),
        (row("Relation", CUSTODY + GONE), False),
        (row("Relation", CUSTODY.replace("VÅRDNADSHAVARE", "MAKE/MAKA/REGISTRERAD PARTNER")), False),
    ],
)
def test_custody_is_of_today_and_somebodys_who_is_there(relation: str, *, holds: bool) -> None:
    guardians = told(relation, number=CHILD.identity_number).guardians
    assert [one.identity_number for one in guardians] == ([PersonNumber.parse(OTHER)] if holds else [])
    assert told(relation).guardians == (), "nobody has custody of one who is of age"


# ---------------------------------------------------------------- over a real connection


def test_who_we_are_is_told_by_our_certificate() -> None:
    clock = SetClock()
    register = SparSimulator(clock)
    register.register(PERSONS[0], knows=KNOWN)
    with over_mutual_tls(register.handle) as stand:
        config = SparConfig.model_validate({**CONFIG, "base_url": stand.address})
        detail, found = stand.run(SparRegister, config, clock, lookup())
        assert "takes our certificate" in detail
        assert found == PERSONS[0]
        assert register.users == ["lena.holm"]
        with pytest.raises(ConnectorError):
            stand.run(SparRegister, config, clock, lookup(), shown=False)
        assert register.users == ["lena.holm"]


# ---------------------------------------------------------------- errors, and answers of any shape


@pytest.mark.parametrize(
    "exception, kind", [("GENERELLT_FEL", TransientError), ("OGILTIG_INPARAMETER", RejectedError),
    ("OVERSTIGER_MAX_ANTAL_TRAFFAR", RejectedError), (f"FEL I {OTHER}", RejectedError)],
)  # fmt: skip
def test_an_error_in_a_good_answer_is_one(exception: str, kind: type[Exception]) -> None:
    stand = asking()
    assert isinstance(stand.simulator, SparSimulator)
    stand.simulator.exception = exception
    error = stand.ask()
    assert type(error) is kind
    assert "ddaef9b4-fde3-402f-9391-2cbc07a84895" in str(error), "what SPAR's support asks for"
    assert not [secret for secret in (*secrets(), OTHER) if secret in spoken(error, stand)]


def test_a_fault_is_for_a_person() -> None:
    stand = asking(assignment=638)
    error = stand.ask()
    assert isinstance(error, RejectedError)
    assert not [secret for secret in secrets() if secret in spoken(error, stand)]


def answered(inside: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f"<SPARPersonsokningSvar>{inside}</SPARPersonsokningSvar></e:Body></e:Envelope>"
    ).encode()


TOO_MANY = "<OverstigerMaxAntalSvarsposter><AntalPoster>101</AntalPoster></OverstigerMaxAntalSvarsposter>"


@pytest.mark.parametrize(
    "status, body, told_",
    [
        (200, answered(""), None),
        (200, answered("<UUID>1</UUID>"), None),
        (200, answered(TOO_MANY), RejectedError),
        (200, answered("<PersonsokningSvarspost/><PersonsokningSvarspost/>"), TransientError),
        (200, answered("<PersonsokningSvarspost/>"), TransientError),
        (200, answered("<Annat/>"), TransientError),
        (200, answered("").replace(b"SPARP", b"P"), TransientError),
        (200, b"<html/>", TransientError),
        (500, b"<html/>", TransientError),
        (503, b"", TransientError),
        (403, b"", CredentialsError),
    ],
)
def test_what_each_answer_means(status: int, body: bytes, told_: type[Exception] | None) -> None:
    stand = asking()
    stand.status, stand.reshape = status, lambda _: body
    found = stand.ask()
    assert found is None if told_ is None else type(found) is told_


def test_another_numbers_record_is_not_used() -> None:
    stand = asking()
    stand.reshape = lambda body: body.replace(NUMBER.digits.encode(), OTHER.encode())
    error = stand.ask()
    assert isinstance(error, RejectedError)
    assert OTHER not in spoken(error, stand)


STRANGE = (*FLAGS, "Skyddad", "Persondetaljer", "Fingerad", "AvregistreringsorsakKod", "IdNummer", "DatumTill", "Namn")
VALUES = ("JA", "NEJ", "J", "N", "", "ja", "nej", "0", "2026-11-26", "NEJ NEJ", OTHER)


@given(someone=st.sampled_from(PERSONS), changes=steps(STRANGE, VALUES))
@hypothesis.settings(max_examples=examples(300, soak=10_000))
def test_no_answer_of_any_shape_tells_of_one_whose_flags_are_not_a_clear_no(*, someone: Person, changes: Any) -> None:
    answers: list[bytes] = []

    def reshape(body: bytes) -> bytes:
        answers.append(reshaped(body, changes, inside="PersonsokningSvarspost", flags=FLAGS))
        return answers[-1]

    stand = asking(someone)
    stand.reshape = reshape
    found = stand.ask(lookup(someone.identity_number, guardians=True))
    said = spoken(found, stand)
    assert someone.identity_number.digits not in said
    if isinstance(found, Person) and clear(answers[-1]):
        return
    assert not [secret for secret in KNOWN.values() if secret in said], answers[-1].decode()
    assert not isinstance(found, Person) or found.protected is not Protected.NO, answers[-1].decode()


def clear(body: bytes) -> bool:
    """Whether both flags of the record itself say no, once and in so many words; rows apart."""
    (record,) = (one for one in etree.fromstring(body).iter() if etree.QName(one).localname == "PersonsokningSvarspost")
    flags = [one for one in record if etree.QName(one).localname in FLAGS]
    said = sorted((etree.QName(one).localname, one.text or "", dict(one.attrib) != {}, len(one)) for one in flags)
    return said == [(flag, "NEJ", False, 0) for flag in FLAGS]
