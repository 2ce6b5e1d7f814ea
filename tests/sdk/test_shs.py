"""SHS: what is written is read as the same, what others write is read, and what is none is refused, and where."""

import base64
import dataclasses
import io
import quopri
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.sdk import RejectedError
from hub.sdk.shs import ShsMessage, ShsPart, is_shs, received, unwrapped, wrapped
from hub.sdk.shs_label import Datum, Event, Place, ShsLabel, read_label, written_label

AT = datetime(2026, 11, 21, 12)  # noqa: DTZ001 - as a label has it, Swedish time without zone
LABEL = ShsLabel(
    tx_id="f0f2a9f6-9a0e", corr_id="f0f2a9f6-9a0e", sequence="event", product=Place("urn:X-shs:0000"), at=AT,
    content_id="c0ffee00", sender=Place("urn:X-shs:162120002205", {"commonName": "Umeå kommun"}),
)  # fmt: skip
BODY = "å\r\n--x\r\n\x00=E5".encode("latin-1")
RAW = (
    '<?xml version="1.0" encoding="ISO-8859-1"?><shs.label version="1.2" tx.id="a" corr.id="b" sequence-type="event">'
    '<from commonName="Åland">urn:X-shs:2021005448</from><product>p</product><subject>Å</subject>'
    '<datetime>2026-11-21T12:00:00</datetime><content content.id="c"><data datapartType="xml"/></content></shs.label>'
)

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(str.strip)
tokens = st.from_regex(r"[A-Za-z0-9_.:-]{1,36}", fullmatch=True)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.sampled_from([UTC, None]))  # noqa: DTZ001


def places(*named: str) -> st.SearchStrategy[Place]:
    return st.builds(Place, texts, st.dictionaries(st.sampled_from(named), texts))


parts = st.builds(
    ShsPart,
    st.binary(max_size=300) | st.sampled_from([b"", b"\r\n", b"\n\n--", b"\r\n--shs-", BODY]),
    st.sampled_from(["text/xml", "application/pdf", "application/octet-stream"]),
    texts,
)


@st.composite
def messages(draw: st.DrawFn) -> ShsMessage:
    """Any that there may be."""
    sent = tuple(draw(st.lists(parts, max_size=4)))
    data = tuple(
        Datum(draw(texts.filter(bool)), draw(texts), draw(st.sampled_from([None, len(part.content)])))
        for part in sent
    )  # fmt: skip
    compound = draw(st.booleans())
    label = ShsLabel(
        tx_id=draw(tokens),
        corr_id=draw(tokens),
        sequence=draw(st.sampled_from(["event", "request", "reply", "adm"])),
        product=draw(places("commonName", "labeledURI")),
        at=draw(moments),
        content_id=draw(tokens),
        sender=draw(places("commonName", "e-mail", "labeledURI")),
        originator=draw(st.none() | places("name")),
        to=draw(st.none() | places("commonName")),
        end_recipient=draw(st.none() | places("name", "labeledURI")),
        subject=draw(texts),
        meta=tuple(draw(st.lists(st.tuples(texts, texts), max_size=3))),
        status=draw(st.sampled_from(["test", "production"])),
        transfer=draw(st.sampled_from(["synch", "asynch"])),
        agreement=draw(st.just("") | tokens),
        data=() if compound else data,
        compound=len(sent) if compound else None,
        comment=draw(texts),
        history=tuple(draw(st.lists(st.builds(Event, texts, texts, st.just({"node.id": "n"})), max_size=2))),
    )
    return ShsMessage(label, sent)


@given(messages())
@settings(max_examples=40)
def test_what_is_written_is_read_as_the_same(message: ShsMessage) -> None:
    written = wrapped(message)
    assert is_shs(written)
    assert unwrapped(written) == message


@given(messages(), st.data())
@settings(max_examples=25)
def test_a_message_cut_short_is_never_taken_for_a_whole_one(message: ShsMessage, data: st.DataObject) -> None:
    written = wrapped(message)
    with pytest.raises(RejectedError):
        unwrapped(written[: data.draw(st.integers(0, len(written) - 5))])


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    for one in (content, b"--x\r\n" + content + b"\r\n--x--", RAW.encode("latin-1")[:200] + content):
        for read in (unwrapped, read_label):
            with suppress(RejectedError):
                read(one)


def others(*pieces: bytes, line: bytes = b"\r\n", label: str = RAW) -> bytes:
    """As another node writes it."""
    head = line.join([b"Content-Type: multipart/mixed;", b'\tboundary="=_x"', b"", b"for those who know no MIME"])
    first = line.join([b"Content-Type: text/xml; charset=ISO-8859-1", b"", label.encode("latin-1")])
    between = line + b"--=_x" + line
    return head + between + between.join([first, *pieces]) + line + b"--=_x--" + line + b"and after"


PACKED = {
    "binary": BODY, "8bit": BODY, "7bit": b"plain", "base64": base64.encodebytes(BODY),
    "Quoted-Printable": quopri.encodestring(BODY),
}  # fmt: skip


@pytest.mark.parametrize("line", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
@pytest.mark.parametrize("how", PACKED)
def test_parts_are_read_however_they_are_packed(how: str, line: bytes) -> None:
    head = line.join([b"Content-Type: TEXT/XML", f"Content-Transfer-Encoding: {how}".encode(), b"", b""])
    (part,) = unwrapped(others(head + PACKED[how], line=line)).parts
    assert (part.content, part.media_type) == (b"plain" if how == "7bit" else BODY, "text/xml")


@pytest.mark.parametrize(
    "said",
    [
        b'attachment; filename="bil\xe5ga.xml"', b"attachment; filename*=utf-8''bil%C3%A5ga.xml",
        b'attachment; filename="=?iso-8859-1?Q?bil=E5ga.xml?="',
        b"attachment; filename*0*=utf-8''bil%C3%A5; filename*1=ga.xml",
    ],
    ids=["Latin-1", "RFC 2231", "RFC 2047", "in two"],
)  # fmt: skip
def test_a_name_is_read_however_it_is_written(said: bytes) -> None:
    (part,) = unwrapped(others(b"Content-Disposition: " + said + b"\r\n\r\nx")).parts
    assert part.name == "bilåga.xml"


def test_a_part_without_a_name_has_the_labels() -> None:
    label = dataclasses.replace(LABEL, data=(Datum("xml", "req.xml", 1), Datum("pdf")))
    message = ShsMessage(label, (ShsPart(b"x"), ShsPart(b"y", "application/pdf", "b.pdf")))
    assert [(kind, name) for kind, name, _ in unwrapped(wrapped(message)).files()] == [
        ("xml", "req.xml"), ("pdf", "b.pdf"),
    ]  # fmt: skip
    compound = dataclasses.replace(LABEL, compound=1)
    assert [kind for kind, _, _ in ShsMessage(compound, (ShsPart(b"x"),)).files()] == [""]


def test_a_message_without_its_header_is_read() -> None:
    whole = wrapped(ShsMessage(LABEL))
    assert unwrapped(b"\r\n" + whole[whole.index(b"--shs-") :]) == ShsMessage(LABEL)


def test_a_large_one_is_read_and_one_that_is_too_large_refused() -> None:
    content = bytes(range(256)) * 40_000
    label = dataclasses.replace(LABEL, data=(Datum("bin", size=len(content)),))
    written = wrapped(ShsMessage(label, (ShsPart(content),)))
    assert unwrapped(written).parts[0].content == content
    with pytest.raises(RejectedError, match="at most are taken"):
        unwrapped(written, most_bytes=len(written) - 1)


def test_two_that_are_sent_twice_are_known_by_their_transaction() -> None:
    one, two = (unwrapped(wrapped(ShsMessage(LABEL))) for _ in range(2))
    assert one == two
    items = [received(io.BytesIO(wrapped(message))) for message in (one, two)]
    assert {(item.source_id, item.version) for item in items} == {("f0f2a9f6-9a0e", "")}, "a double to the hub"
    assert unwrapped(items[0].content) == one
    with pytest.raises(RejectedError):
        received(io.BytesIO(items[0].content), most_bytes=100)


@pytest.mark.parametrize(
    "content, place, why",
    [
        (b"", "message", "no header"),
        (b"hello\r\n\r\nyou", "message", "no multipart/mixed"),
        (b"Content-Type: multipart/mixed\r\n\r\n", "message", "between its parts"),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\nnothing", "message", "cut short"),
        (others(), "label, content", "1 parts, and there are 0"),
        (others(b"X: y\r\n\r\nx", b"X: y\r\n\r\nx"), "label, content", "1 parts, and there are 2"),
        (others(b"no header"), "part 1", "header does not end"),
        (others(b"Content-Transfer-Encoding: base64\r\n\r\n%%%%"), "part 1", "no base64"),
        (others(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ"), "part 1", "not quoted-printable"),
        (others(b"Content-Transfer-Encoding: x-zip\r\n\r\nPK"), "part 1", "how it is packed"),
        (others(b"\r\nx", label=RAW.replace("/></content", ' no-of-bytes="7"/></content')), "part 1", "7 bytes"),
        (others(b"\r\nx").replace(b"text/xml; charset", b"text/html; charset"), "label", "no XML"),
        (b"--x\r\n" + b"\r\n--x\r\n" * 1002 + b"\r\n--x--", "message", "more than 1000 parts"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_where_it_is_wrong(content: bytes, place: str, why: str) -> None:
    with pytest.raises(RejectedError, match=why) as refused:
        unwrapped(content)
    assert refused.value.place == place


@pytest.mark.parametrize(
    "old, new, place, why",
    [
        ("<subject>", "<urgent/><subject>", "label", "unknown element urgent"),
        ("<subject>", '<subject lang="sv">', "label, subject", "unknown attribute lang"),
        ("<data d", '<data x="1" d', "label, content, data", "unknown attribute x"),
        ("<product>p</product><subject>Å</subject>", "<subject>Å</subject><product>p</product>", "label", "product"),
        ("<product>p</product>", "<product>p</product><product>q</product>", "label", "product"),
        ("<product>p</product>", "", "label", "product is missing"),
        ('sequence-type="event"', "", "label", "sequence-type"),
        ('sequence-type="event"', 'sequence-type="later"', "label", "sequence-type"),
        ('tx.id="a"', 'tx.id="a b"', "label", "tx.id is no NMTOKEN"),
        ('tx.id="a"', "", "label", "tx.id is missing"),
        ('version="1.2"', 'version="2.0"', "label", "version"),
        ("2026-11-21T12:00:00", "i går", "label", "datetime"),
        ("<from ", "<originator/><x:from xmlns:x='u' ", "label", "no XML"),
        ('<from commonName="Åland">urn:X-shs:2021005448</from>', "", "label", "who sent it"),
        ("<content ", "hemligt<content ", "label", "text where none may be"),
        ('<data datapartType="xml"/>', '<data datapartType="xml"/><compound no-of-parts="1"/>', "label", "compound"),
        ("<shs.label ", '<!DOCTYPE shs.label [<!ENTITY e SYSTEM "file:///etc/passwd">]><shs.label ', "label", "a DTD"),
        ("<shs.label ", "<!DOCTYPE html><shs.label ", "label", "a DTD"),
        ("</shs.label>", "", "label", "no XML"),
    ],
)  # fmt: skip
def test_a_label_is_taken_as_the_dtd_has_it_or_not_at_all(old: str, new: str, place: str, why: str) -> None:
    assert old in RAW
    with pytest.raises(RejectedError, match=why) as refused:
        read_label(RAW.replace(old, new, 1).encode("latin-1"))
    assert refused.value.place == place


def test_a_label_may_name_its_dtd_which_is_not_read() -> None:
    named = RAW.replace("<shs.label ", '<!DOCTYPE shs.label SYSTEM "http://shs.invalid/label.dtd"><shs.label ')
    assert read_label(named.encode("latin-1")) == read_label(RAW.encode("latin-1"))


def test_an_older_label_is_read_and_written() -> None:
    old = dataclasses.replace(LABEL, version="1.1", data=(Datum("", "a.xml"),))
    written = written_label(old)
    assert b'uuid="c0ffee00"' in written
    assert b"message-type" not in written
    assert read_label(written) == old


def test_letters_that_latin_1_lacks_come_through() -> None:
    label = dataclasses.replace(LABEL, subject="ŝ € 漢")
    assert b"ISO-8859-1" in written_label(label)
    assert read_label(written_label(label)).subject == "ŝ € 漢"


@pytest.mark.parametrize(
    "more",
    [{"subject": "a\x00b"}, {"tx_id": "a b"}, {"tx_id": ""}, {"sequence": "x"}, {"subject": " a"}, {"version": "3"},
     {"sender": None}, {"product": Place("p", {"colour": "red"})}, {"compound": 0, "data": (Datum("x"),)}],
)  # fmt: skip
def test_what_no_label_can_say_is_not_written(more: dict[str, Any]) -> None:
    with pytest.raises(RejectedError):
        written_label(dataclasses.replace(LABEL, **more))


@pytest.mark.parametrize(
    "part",
    [ShsPart(b"", "text/plain\r\nX-Evil: 1"), ShsPart(b"", "text"), ShsPart(b"", "Text/XML")],
)
def test_what_no_header_can_say_is_not_written(part: ShsPart) -> None:
    with pytest.raises(RejectedError, match="fits no header"):
        wrapped(ShsMessage(dataclasses.replace(LABEL, compound=1), (part,)))


@pytest.mark.parametrize(
    "address, digits",
    [("urn:X-shs:162021005448", "2021005448"), ("urn:X-shs:2021005448", "2021005448"), ("kommun", ""), ("", "")],
)
def test_an_address_holds_an_organisation_number(address: str, digits: str) -> None:
    assert Place(address).organisation == digits
