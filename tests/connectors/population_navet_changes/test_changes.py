"""What is the files' own: flags that are left out, incomplete deliveries, encodings, hostile files."""

import asyncio
import io
import logging
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.population_navet_changes import NavetChanges
from connectors.population_navet_changes.client import Changes
from connectors.population_navet_changes.config import ChangesConfig
from connectors.population_navet_changes.simulator import ORDER, number
from hub.conformance.driver import Memory, SetClock
from hub.model import ChangesFile, Message, PersonChanged, PersonNumber, Protected
from hub.sdk import Lent, RawItem, RejectedError
from hub.sdk.http import transport
from hub.sdk.shs import ShsMessage, ShsPart, wrapped
from hub.sdk.shs_label import Datum, Place, ShsLabel
from tests.connectors.registers import reshaped, steps
from tests.counts import examples

CLOCK = SetClock(datetime(2026, 11, 26, 12, tzinfo=UTC))
LENA, ANNA, CHILD = (PersonNumber.parse(one) for one in (number(1), number(2), number(3, date(2015, 6, 11))))
NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
HIDDEN = "Hemliga vägen 7"


NOWHERE = transport()


def reader(**settings: Any) -> NavetChanges:
    lent = Lent(transport=NOWHERE, clock=CLOCK, state=Memory(), log=logging.getLogger("changes"))
    return NavetChanges(ChangesConfig(**{"order_has_protection": True} | settings), lent)


def items(content: bytes, **settings: Any) -> list[RawItem]:
    return list(reader(**settings).read_file(io.BytesIO(content)))


def told(content: bytes, **settings: Any) -> list[Message]:
    """What a file means; every record of it must mean something."""
    connector = reader(**settings)
    return [message for item in connector.read_file(io.BytesIO(content)) for message in connector.translate(item)]


def record(flags: str = "", inside: str = "", who: PersonNumber = LENA, post: str = "2026.000.000.001") -> str:
    street = f"<Utdelningsadress2>{HIDDEN}</Utdelningsadress2>"
    address = f"<Adresser><Folkbokforingsadress>{street}</Folkbokforingsadress></Adresser>"
    personpost = f"<PersonId><PersonNr>{who.digits}</PersonNr></PersonId>{inside}{address}"
    task = f"<Arendeuppgift><PostId>{post}</PostId></Arendeuppgift>" if post else ""
    return f"<Folkbokforingspost>{flags}{task}<Personpost>{personpost}</Personpost></Folkbokforingspost>"


def head(posts: int = 1, **more: str) -> str:
    out = {
        "Filnamn": "a.xml", "Effektueringsdatum": "20261126", "AntalPoster": str(posts),
        "AntalPosterTotalt": str(posts),
        "AntalFiler": "001", "FilNr": "001", "JobbId": "00000042", "LopNr": "7",
    } | more  # fmt: skip
    written = "".join(f"<{name}>{value}</{name}>" for name, value in out.items() if value)
    return (
        f"<Aviseringsinformation><Filinformation><BestallningsId>{ORDER}</BestallningsId><Utfil>{written}</Utfil>"
        "</Filinformation></Aviseringsinformation>"
    )


def file(*records: str, first: str = "", encoding: str = "ISO-8859-1") -> bytes:
    body = f"<Navetavisering>{first}<Folkbokforingsposter>{''.join(records)}</Folkbokforingsposter></Navetavisering>"
    return f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode(encoding)


def change(flags: str = "", inside: str = "", **settings: Any) -> PersonChanged:
    """What one record means."""
    (one, _) = told(file(record(flags, inside)), **settings)
    assert isinstance(one, PersonChanged)
    return one


# ---------------------------------------------------------------- protection

NO, HIDES = "<{0}>N</{0}>", "<{0}>J</{0}>"
BOTH = ("Sekretessmarkering", "SkyddadFolkbokforing")


@pytest.mark.parametrize(
    "flags, confirmed, protected",
    [
        ("", True, None),
        ("", False, Protected.UNKNOWN),
        ("".join(map(NO.format, BOTH)), True, Protected.NO),
        ("".join(map(NO.format, BOTH)), False, Protected.NO),
        (NO.format(BOTH[0]), True, None),
        (NO.format(BOTH[0]), False, Protected.UNKNOWN),
        (HIDES.format(BOTH[0]), True, Protected.YES),
        (HIDES.format(BOTH[1]), False, Protected.YES),
        (HIDES.format(BOTH[1]).replace("J", "j"), True, Protected.YES),
        (NO.format(BOTH[0]) + HIDES.format(BOTH[0]), True, Protected.YES),
        ("<Sekretessmarkering>NEJ</Sekretessmarkering>", True, Protected.UNKNOWN),
        ("<Sekretessmarkering/>", True, Protected.UNKNOWN),
        (f"<Sekretessmarkering {NIL}/>", True, Protected.UNKNOWN),
        ('<x:Sekretessmarkering xmlns:x="urn:x">N</x:Sekretessmarkering>', True, Protected.UNKNOWN),
        ("<FingeradePersonuppgifter>J</FingeradePersonuppgifter>", True, Protected.UNKNOWN),
        ("<Annat/>", True, Protected.UNKNOWN),
    ],
)
def test_what_a_record_tells_of_protection(flags: str, protected: Protected | None, *, confirmed: bool) -> None:
    assert change(flags, order_has_protection=confirmed).protected is protected


@pytest.mark.parametrize(
    "inside",
    ["<Namn><Skyddat/></Namn>", '<Civilstand sekretess="N"/>', "<Nytt><ProtectedIdentity>N</ProtectedIdentity></Nytt>"],
)
def test_what_speaks_of_protection_at_any_other_place_is_not_passed_over(inside: str) -> None:
    assert change("", inside).protected is Protected.UNKNOWN


def test_a_mark_on_the_record_itself_is_not_passed_over() -> None:
    content = file(record().replace("<Folkbokforingspost>", '<Folkbokforingspost skyddad="J">'))
    assert told(content)[0].protected is Protected.UNKNOWN  # type: ignore[union-attr]


def test_who_is_marked_stands_before_all_others_and_the_file_last() -> None:
    hides = record(HIDES.format(BOTH[0]), who=ANNA, post="2026.000.000.002")
    lena, anna = record(), hides
    assert [getattr(one, "identity_number", None) for one in told(file(lena, anna))] == [ANNA, LENA, None]


# ---------------------------------------------------------------- one hop

RELATION = (
    "<Relationer><Relation><RelationId><PersonNr>{}</PersonNr></RelationId><Relationstyp>{}</Relationstyp>{}"
    "</Relation></Relationer>"
)


def test_numbers_of_the_same_person_are_told_forward_and_back_one_hop() -> None:
    forward = change("", f"<HanvisningsPersonNr>{ANNA.digits}</HanvisningsPersonNr>")
    listed = f"<Hanvisning><HanvisningsPersonNr>{ANNA.digits}</HanvisningsPersonNr></Hanvisning>"
    back = change("", f"<Hanvisningar>{listed * 2}</Hanvisningar>")
    assert forward.other_numbers == back.other_numbers == (ANNA,)
    itself = change("", f"<HanvisningsPersonNr>{LENA.digits}</HanvisningsPersonNr>")
    assert itself.other_numbers == ()


@pytest.mark.parametrize(
    "who, other, kind, more, guardians, children",
    [
        (CHILD, LENA, "V", "", (LENA,), ()),
        (CHILD, LENA, "MO", "", (), ()),
        (CHILD, LENA, "V", "<RelationTomdatum>20261125</RelationTomdatum>", (), ()),
        (CHILD, LENA, "V", "<RelationTomdatum>20261126</RelationTomdatum>", (LENA,), ()),
        (CHILD, LENA, "V", "<RelationTomdatum>2026</RelationTomdatum>", (LENA,), ()),
        (ANNA, LENA, "V", "", (), ()),
        (LENA, CHILD, "VF", "", (), (CHILD,)),
        (LENA, ANNA, "VF", "", (), ()),
        (LENA, CHILD, "B", "", (), ()),
    ],
)
def test_custody_is_told_and_nothing_else_of_relations(
    who: PersonNumber, other: PersonNumber, kind: str, more: str, guardians: object, children: object
) -> None:
    (one, _) = told(file(record(inside=RELATION.format(other.digits, kind, more), who=who)))
    assert isinstance(one, PersonChanged)
    assert (one.guardians, one.children) == (guardians, children)


# ---------------------------------------------------------------- what is kept, and known again


def test_no_address_is_kept_and_a_change_of_it_is_known() -> None:
    one, two = items(file(record())), items(file(record().replace(HIDDEN, "Nya vägen 1")))
    assert HIDDEN.encode() not in one[0].content + two[0].content
    assert (one[0].source_id, one[0].source_id) == (two[0].source_id, "post/2026.000.000.001")
    assert one[0].version != two[0].version


def test_a_record_without_postid_is_known_by_what_it_says() -> None:
    one, two = (items(file(record(post="", inside=more)))[0] for more in ("", "<Civilstand/>"))
    assert one.source_id != two.source_id
    assert one.source_id == items(file(record(post="")))[0].source_id
    assert LENA.digits not in one.source_id


def test_a_number_that_cannot_be_read_is_for_a_person_and_never_told() -> None:
    content = file(record().replace(LENA.digits, "199001019803"), record(who=ANNA))
    bad, good, _ = items(content)
    assert (bool(bad.fault), good.fault) == (True, "")
    with pytest.raises(RejectedError, match="cannot be read") as refused:
        list(reader().translate(bad))
    assert "199001019803" not in str(refused.value) + bad.fault


# ---------------------------------------------------------------- what a file is


def test_a_file_tells_its_delivery_its_place_in_it_and_when_the_next_should_come() -> None:
    *_, one = told(file(record(), first=head(AntalFiler="003", FilNr="002", AntalPosterTotalt="9")), silent_days=6)
    assert one == ChangesFile(
        delivery=f"{ORDER} 42", series=ORDER, part=2, parts=3, posts=1, total=9, serial=7,
        next_by=date(2026, 11, 26) + timedelta(days=6),
    )  # fmt: skip


@pytest.mark.parametrize(
    "written, first, last",
    [
        ("20261124-20261125", date(2026, 11, 24), date(2026, 11, 25)),
        ("2026112420261125", date(2026, 11, 24), date(2026, 11, 25)),
        ("20261125", date(2026, 11, 25), date(2026, 11, 25)),
        ("20261125-20261124", None, None),
        ("20261324-20261325", None, None),
        ("igår", None, None),
    ],
)
def test_the_days_of_a_file_are_told_where_they_are_days(written: str, first: date | None, last: date | None) -> None:
    *_, one = told(file(record(), first=head(UtsokningsdatumFromTom=written, LopNr="")))
    assert isinstance(one, ChangesFile)
    assert (one.first_day, one.last_day, one.serial) == (first, last, None)


def test_a_file_that_tells_nothing_of_itself_is_a_delivery_of_its_own() -> None:
    one, again, other = (told(file(record(flag)))[-1] for flag in ("", "", NO.format(BOTH[0])))
    assert isinstance(one, ChangesFile)
    assert (one.part, one.parts, one.posts, one.series) == (1, 1, 1, "")
    assert one == again != other


@pytest.mark.parametrize(
    "content, why",
    [
        (file(record(), first=head(2)), "holds 1 records and says 2"),
        (file(record(), first=head(AntalFiler="x")), "not as the standard says"),
        (file(record(), first=head(JobbId="")), "not as the standard says"),
        (file(record(), first=head(FilNr="002")), "not as the standard says"),
        (file(record(), first=head())[:-30], "not whole"),
        (file(record(), "<Annan/>", record()), "something else than a record"),
        (file(record(), "<Annan/>"), "beside the records"),
        (file(record()).replace(b"</Navet", b"<Mer/></Navet"), "beside the records"),
        (file(record()).replace(b"Navetavisering", b"Annat"), "no Navetavisering"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]>" + file(record())[43:], "DOCTYPE"),
        (b"PK\x03\x04", "zip"),
        (b"", "empty"),
        (b"\xff\xfe" + file().decode("latin-1").encode("utf-16-le"), "UTF-16"),
    ],
)
def test_a_file_that_is_not_whole_or_another_is_refused_with_what_to_do(content: bytes, why: str) -> None:
    with pytest.raises(RejectedError, match=why):
        items(content)


def test_a_file_of_another_order_is_refused_before_anybody_is_marked() -> None:
    with pytest.raises(RejectedError, match="another order"):
        next(
            reader(order="00000236-FO02-0002").read_file(io.BytesIO(file(record(HIDES.format(BOTH[0])), first=head())))
        )


def test_a_record_that_was_read_is_let_go_of_before_the_next() -> None:
    reading = Changes(
        io.BytesIO(file(*[record(post=f"2026.000.000.{n:03}") for n in range(1, 5)])), ChangesConfig(), "2026-11-26"
    )
    assert [one.post.getprevious() for one in reading._records()] == [None] * 4


def test_a_record_without_end_is_refused_in_bounded_memory() -> None:
    endless = file("<Folkbokforingspost>" + "<A/>" * 3_000_000)
    with pytest.raises(RejectedError, match="without end"):
        items(endless)


def test_the_encoding_is_what_the_file_says() -> None:
    for encoding in ("ISO-8859-1", "UTF-8"):
        assert len(items(file(record(inside="<Namn><Efternamn>Åberg</Efternamn></Namn>"), encoding=encoding))) == 2


def test_check_says_who_is_treated_as_protected() -> None:
    confirmed, unconfirmed = (asyncio.run(reader(order_has_protection=has).check()).detail for has in (True, False))
    assert "treated as protected" in unconfirmed
    assert "protected" not in confirmed


# ---------------------------------------------------------------- records of any shape

STRANGE = (*BOTH, "Skyddad", "Personpost", "Fingerade", "PersonId", "PersonNr", "Historik", "Namn", "Relationstyp")
VALUES = ("J", "N", "JA", "NEJ", "", "j", "n", "0", "1", "N N", ANNA.digits)


@given(confirmed=st.booleans(), flagged=st.sampled_from([None, "J", "N", "X", ""]), changes=steps(STRANGE, VALUES))
@hypothesis.settings(max_examples=examples(300, soak=10_000))
def test_no_record_of_any_shape_passes_for_unmarked_unless_its_flags_are_a_clear_no(
    *, confirmed: bool, flagged: str | None, changes: Any
) -> None:
    flags = "" if flagged is None else "".join(f"<{flag}>{flagged}</{flag}>" for flag in BOTH)
    inside = f"<Namn><Efternamn>Ek</Efternamn></Namn>{RELATION.format(CHILD.digits, 'VF', '')}"
    content = reshaped(file(record(flags, inside)), changes, inside="Folkbokforingspost", flags=BOTH)
    connector = reader(order_has_protection=confirmed)
    said, messages = "", []
    try:
        for item in connector.read_file(io.BytesIO(content)):
            said += item.content.decode() + repr(item)
            messages += [] if item.fault else list(connector.translate(item))
    except RejectedError as error:
        said += str(error)
    assert HIDDEN not in said
    persons = [one for one in messages if isinstance(one, PersonChanged)]
    assert clear(content, confirmed=confirmed) or all(
        one.protected in {Protected.YES, Protected.UNKNOWN} for one in persons
    ), content.decode()


def clear(content: bytes, *, confirmed: bool) -> bool:
    """Whether each flag says no, or is left out by an order that has it, and nothing else may mean protection."""
    written = re.sub(r' xmlns:\w+="[^"]*"', "", content.decode("latin-1"))
    told = written.partition("<Folkbokforingspost")[2].partition("</Folkbokforingspost>")[0]
    for flag in BOTH:
        count = told.count(f"<{flag}>N</{flag}>")
        if not (confirmed and flag not in told) and (count != 1 or told.count(flag) != 2):
            return False
    rest = re.sub("|".join(f"<{flag}>N</{flag}>" for flag in BOTH), "", told)
    return not re.search("sekretess|skydd", rest, re.IGNORECASE)


# ---- as it came, in an SHS message


def in_shs(*contents: bytes) -> bytes:
    label = ShsLabel(
        tx_id="0a4f3c2e-4e8e-4c53-9b1f-52f9b3a0c001", corr_id="0a4f3c2e-4e8e-4c53-9b1f-52f9b3a0c001", sequence="event",
        product=Place("navet"), at=datetime(2026, 11, 26, 5, tzinfo=UTC), content_id="changes",
        sender=Place("urn:X-shs:162021005448"), data=tuple(Datum("xml") for _ in contents),
    )  # fmt: skip
    return wrapped(ShsMessage(label, tuple(ShsPart(content, "text/xml", "changes.xml") for content in contents)))


def test_a_file_that_lies_as_its_shs_message_means_the_same() -> None:
    content = file(record())
    assert told(in_shs(content)) == told(content)


def test_each_part_of_a_message_is_a_file() -> None:
    first, second = file(record()), file(record(who=ANNA, post="2026.000.000.002"))
    assert told(in_shs(first, second)) == [*told(first), *told(second)]


def test_a_message_that_is_cut_short_or_empty_is_refused() -> None:
    with pytest.raises(RejectedError):
        items(in_shs(file(record()))[:-200])
    with pytest.raises(RejectedError, match="without any file"):
        items(in_shs())
