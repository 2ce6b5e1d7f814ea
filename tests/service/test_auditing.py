"""The audit on both databases: written with what it tells of, chained as it was committed, and proof against a hand."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.model.audit import Act, AuditVerified
from hub.service.audit import chaining
from hub.service.audit.acting import HUB, Actor, act_as, acting
from hub.service.audit.audited import Wish, page
from hub.service.audit.auditing import Auditing, Note, note
from hub.service.audit.chaining import Chaining, chained
from hub.service.audit.proving import verify
from hub.service.keeping.resealing import Resealing
from hub.service.keeping.rotating import retirable
from hub.service.rulebook import Rulebook
from hub.store import audit
from hub.store.engine.database import Session, connect
from hub.store.engine.writer import Readers, Writer
from hub.store.seals import keyring
from hub.store.seals.sealing import Seal
from tests.delivery.harness import MORNING, SetClock

OURS, THEIRS = "2480", "2482"
ANNA = Actor("core", "Anna Ek")
SEAL = Seal(bytes(32))


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    with closing(connect(database)) as made:
        yield made


def a_note(subject: str, act: Act = Act.BOOKING_ACCEPTED, *, town: str = OURS, actor: Actor = ANNA) -> Note:
    return Note(town, act, subject, 1_000_000, '{"revision":1}', actor)


def write(session: Session, *subjects: str, town: str = OURS, seal: Seal = SEAL) -> None:
    """One transaction, and so one leaf."""
    with session.transaction():
        Auditing(seal).write(session, [a_note(subject, town=town) for subject in subjects])


def chain(session: Session) -> None:
    with session.transaction():
        while chained(session, SEAL):
            pass


def tamper(session: Session, sql: str, *values: object) -> None:
    with session.transaction():
        assert session.run(sql, values) > 0, "a hand that touches nothing proves nothing"


def checked(session: Session, town: str = OURS, seal: Seal = SEAL) -> AuditVerified:
    with session.snapshot():
        return verify(session, seal, town)


def findings(session: Session) -> list[tuple[str, int | None, int | None]]:
    """(verdict, place, row) of all that a check finds."""
    return [(one.verdict, one.place, one.row) for one in checked(session).findings]


def fill(session: Session) -> Session:
    """Five leaves, the third of three rows; and others in between that are not ours."""
    for n in range(1, 6):
        write(session, *([f"B-{n}"] if n != 3 else ["B-3", "B-3b", "B-3c"]))
        write(session, f"T-{n}", town=THEIRS)
    chain(session)
    return session


@pytest.fixture
def five(session: Session) -> Session:
    return fill(session)


@pytest.fixture
def tampered(sqlite_database: str) -> Iterator[Session]:
    """The same, for what a hand does to it: what finds it is the same on both databases."""
    with closing(connect(sqlite_database)) as made:
        yield fill(made)


# ---- written


def test_what_was_written_is_read_with_who_stood_behind_it(session: Session) -> None:
    write(session, "B-1", "B-2")
    with session.transaction():
        Auditing(SEAL).write(session, [a_note("B-3", Act.BOOKING_SEEN, actor=Actor("desk"))])
    found = page(session, SEAL, OURS, Wish(), limit=10).rows
    told = [(one.subject, one.act, one.who, one.person, one.told, one.place) for one in found]
    assert told == [
        ("B-3", Act.BOOKING_SEEN, "desk", None, {"revision": 1}, None),
        ("B-2", Act.BOOKING_ACCEPTED, "core", "Anna Ek", {"revision": 1}, None),
        ("B-1", Act.BOOKING_ACCEPTED, "core", "Anna Ek", {"revision": 1}, None),
    ]


@pytest.mark.parametrize(
    "wish, subjects",
    [
        (Wish(subject="B-3b"), ["B-3b"]),
        (Wish(person="Anna Ek", subject="B-1"), ["B-1"]),
        (Wish(person="Bo Ek"), []),
        (Wish(who="core", act=Act.BOOKING_SEEN), []),
        (Wish(subject="T-1"), []),
    ],
)
def test_rows_are_found_by_what_they_tell_and_never_another_municipalitys(
    five: Session, wish: Wish, subjects: list[str]
) -> None:
    assert [row.subject for row in page(five, SEAL, OURS, wish, limit=10).rows] == subjects


def test_pages_follow_one_another_and_lose_nothing(five: Session) -> None:
    seen, before = [], None
    while True:
        found = page(five, SEAL, OURS, Wish(before=before), limit=2)
        seen += [row.subject for row in found.rows]
        if (before := found.next) is None:
            break
    assert seen == ["B-5", "B-4", "B-3c", "B-3b", "B-3", "B-2", "B-1"]


def test_no_person_stands_in_clear_in_it(five: Session) -> None:
    for table in ("audit", "audit_leaves", "installation"):
        for row in five.rows(f"SELECT * FROM {table}"):  # noqa: S608 - a table of our own
            assert "Anna" not in repr([bytes(each) if isinstance(each, memoryview) else each for each in row])


def test_what_is_rolled_back_leaves_no_row(session: Session) -> None:
    def story() -> None:
        with session.transaction():
            Auditing(SEAL).write(session, [a_note("B-1")])
            raise LookupError

    with pytest.raises(LookupError):
        story()
    assert page(session, SEAL, OURS, Wish(), limit=10).rows == ()


def test_who_acts_is_known_in_all_that_a_task_starts_and_in_no_other() -> None:
    async def by(name: str) -> list[Actor]:
        act_as(Actor(name))
        return [acting(), *await asyncio.gather(*(asyncio.create_task(_now()) for _ in range(2)))]

    async def _now() -> Actor:
        return acting()

    async def story() -> None:
        both = await asyncio.gather(by("core"), by("desk"))
        assert [{one.who for one in told} for told in both] == [{"core"}, {"desk"}]
        assert acting() == HUB
        assert note(OURS, Act.CLOSED, "snow", at=0).actor == HUB

    asyncio.run(story())


# ---- chained


def test_an_untouched_audit_is_as_it_was_written(five: Session) -> None:
    told = checked(five)
    assert (told.leaves, told.rows, told.loose, told.place, told.findings) == (5, 7, 0, 5, ())
    assert checked(five, THEIRS).place == 5
    assert checked(five, THEIRS).link != told.link


def test_what_is_committed_later_never_stands_before_what_is_in_the_chain(database: str) -> None:
    """On PostgreSQL a transaction may be begun first and committed last; on SQLite there is one at a time."""
    with closing(connect(database)) as first, closing(connect(database)) as second:
        if first.shared:
            with first.transaction():
                Auditing(SEAL).write(first, [a_note("begun first")])
                write(second, "committed first")
                chain(second)
        else:
            write(second, "committed first")
            chain(second)
            write(first, "begun first")
        chain(second)
        leaves = audit.in_chain(second, OURS, 0, limit=10)
        lines = audit.lines(second, OURS, [leaf.id for leaf in leaves])
        assert [lines[leaf.id][0].subject for leaf in leaves] == ["committed first", "begun first"]
        assert checked(second).findings == ()


def test_two_processes_chain_everything_once_between_them(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaining, "LEAVES", 3)
    writers, readers = [Writer(database) for _ in range(2)], Readers(database, threads=2)
    nodes = [Chaining(writer, readers, SEAL) for writer in writers]

    async def story() -> None:
        auditing = Auditing(SEAL)
        for n in range(25):
            await writers[n % 2].do(auditing.all, a_note(f"B-{n}"))
            await asyncio.gather(*(node.chain() for node in nodes)) if n % 5 == 0 else None
        await asyncio.gather(*(node.chain() for node in nodes))

    try:
        asyncio.run(story())
    finally:
        for writer in writers:
            writer.stop()
        readers.stop()
    with closing(connect(database)) as session:
        told = checked(session)
        assert (told.place, told.rows, told.loose, told.findings) == (25, 25, 0, ())


# ---- proof against a hand


ROW = "municipality = '2480' AND leaf = (SELECT id FROM audit_leaves WHERE municipality = '2480' AND place = @)"
_COPY = "INSERT INTO audit_leaves(municipality, mark, digests, sealed, secret, proof, place, link) SELECT"
LEAF = "municipality = '2480' AND place = @"


def hand(session: Session, sql: str, place: int = 3, *, what: str = "") -> None:
    """Somebody with the database, and without the key file."""
    tamper(session, sql.replace("WHAT", what).replace("ROW", ROW).replace("LEAF", LEAF).replace("@", str(place)))


@pytest.mark.parametrize(
    "column, value",
    [
        ("at", "at + 1"),
        ("act", "'booking.seen'"),
        ("subject", "'B-4'"),
        ("who", "'desk'"),
        ("person", "substr(person, 2)"),
        ("told", """'{"revision":2}'"""),
    ],
)
def test_a_row_that_was_changed_is_named(tampered: Session, column: str, value: str) -> None:
    hand(tampered, "UPDATE audit SET WHAT WHERE ROW AND n = 1", what=f"{column} = {value}")
    assert findings(tampered) == [("changed", 3, 1)]


def test_what_a_hand_has_spoilt_can_still_be_read(tampered: Session) -> None:
    hand(tampered, "UPDATE audit SET act = 'no act', told = 'no JSON' WHERE ROW AND n = 1")
    row = next(row for row in page(tampered, SEAL, OURS, Wish(), limit=9).rows if row.subject == "B-3b")
    assert (row.act, row.told) == ("no act", {"?": "no JSON"})


def test_a_row_that_was_removed_is_named(tampered: Session) -> None:
    hand(tampered, "DELETE FROM audit WHERE ROW AND n = 1")
    assert findings(tampered) == [("removed", 3, 1)]


def test_a_row_that_was_put_in_is_named(tampered: Session) -> None:
    copied = "municipality, leaf, n + 3, at, act, 'B-77', who, person, told"
    hand(tampered, "INSERT INTO audit SELECT WHAT FROM audit WHERE ROW AND n = 0", what=copied)
    assert findings(tampered) == [("inserted", 3, 3)]
    assert "B-77" in checked(tampered).findings[0].detail


def test_rows_that_changed_places_are_named(tampered: Session) -> None:
    hand(tampered, "UPDATE audit SET n = n + 10 WHERE ROW AND n < 2")
    hand(tampered, "UPDATE audit SET n = 11 - n WHERE ROW AND n >= 10")
    assert findings(tampered) == [("moved", 3, 0), ("moved", 3, 1)]


@pytest.mark.parametrize("place", [1, 3])
def test_a_leaf_that_was_removed_with_its_rows_is_missed_where_it_was(tampered: Session, place: int) -> None:
    hand(tampered, "DELETE FROM audit WHERE ROW", place)
    hand(tampered, "DELETE FROM audit_leaves WHERE LEAF", place)
    assert findings(tampered) == [("removed", place + 1, None)]
    assert f"at {place}" in checked(tampered).findings[0].detail


def test_a_leaf_that_was_removed_is_missed_though_the_others_were_numbered_anew(tampered: Session) -> None:
    hand(tampered, "DELETE FROM audit WHERE ROW")
    hand(tampered, "DELETE FROM audit_leaves WHERE LEAF")
    for place in (4, 5):
        hand(tampered, "UPDATE audit_leaves SET place = place - 1 WHERE LEAF", place)
    assert findings(tampered) == [("removed", 3, None)]


def test_the_last_leaves_are_missed(tampered: Session) -> None:
    for place in (4, 5):
        hand(tampered, "DELETE FROM audit WHERE ROW", place)
        hand(tampered, "DELETE FROM audit_leaves WHERE LEAF", place)
    assert findings(tampered) == [("removed", 5, None)]
    assert checked(tampered).findings[0].detail == "the chain ended at 5, and ends at 3"


def test_an_audit_that_was_emptied_is_missed(tampered: Session) -> None:
    hand(tampered, "DELETE FROM audit WHERE municipality = '2480'")
    hand(tampered, "DELETE FROM audit_leaves WHERE municipality = '2480'")
    assert findings(tampered) == [("removed", 5, None)]
    assert audit.towns(tampered) == [OURS, THEIRS]


def test_rows_without_their_leaf_are_named(tampered: Session) -> None:
    hand(tampered, "DELETE FROM audit_leaves WHERE LEAF")
    assert [one[0] for one in findings(tampered)] == ["removed"] * 4
    assert "B-3c" in checked(tampered).findings[3].detail


def test_leaves_that_changed_places_are_named(tampered: Session) -> None:
    for place, to in ((3, 99), (4, 3), (99, 4)):
        hand(tampered, "UPDATE audit_leaves SET WHAT WHERE LEAF", place, what=f"place = {to}")
    assert findings(tampered) == [("moved", 3, None)]


def test_a_leaf_that_was_copied_into_the_chain_is_named(tampered: Session) -> None:
    for place in (5, 4, 3):
        hand(tampered, "UPDATE audit_leaves SET place = place + 1 WHERE LEAF", place)
    copied = "municipality, digests, digests, sealed, secret, proof, 3, proof"
    hand(tampered, f"{_COPY} WHAT FROM audit_leaves WHERE LEAF", 2, what=copied)
    assert findings(tampered) == [("inserted", 3, None)]


def test_a_leaf_that_somebody_else_made_is_named_though_the_hub_put_it_in_the_chain(tampered: Session) -> None:
    theirs = Seal(b"1" * 32)
    write(tampered, "B-forged", seal=theirs)
    assert findings(tampered) == [("changed", None, None)], "at once"
    chain(tampered)
    write(tampered, "B-6")
    chain(tampered)
    assert findings(tampered) == [("changed", 6, None)]
    assert "B-forged" in checked(tampered).findings[0].detail


def test_the_same_leaf_cannot_come_twice(tampered: Session) -> None:
    copied = "municipality, mark, digests, sealed, secret, proof, NULL, NULL"
    with pytest.raises(Exception, match=r"(?i)unique"):
        hand(tampered, f"{_COPY} WHAT FROM audit_leaves WHERE LEAF", what=copied)


@pytest.mark.parametrize("place", [2, 5])
@pytest.mark.parametrize("column", ["digests", "sealed", "mark", "proof", "link"])
def test_a_leaf_that_was_changed_is_named(tampered: Session, column: str, place: int) -> None:
    hand(tampered, "UPDATE audit_leaves SET WHAT WHERE LEAF", place, what=f"{column} = zeroblob(length({column}))")
    assert findings(tampered) == [("changed", place, None)]


def test_persons_that_no_key_opens_are_told(tampered: Session) -> None:
    hand(tampered, "UPDATE audit_leaves SET secret = proof WHERE LEAF", 2)
    assert findings(tampered) == [("unreadable", 2, None)]
    assert page(tampered, SEAL, OURS, Wish(subject="B-2"), limit=1).rows[0].person == "?"


@pytest.mark.parametrize(
    "sql", ["DELETE FROM installation", "UPDATE installation SET value = replace(value, '5', '4')"]
)
def test_an_end_that_was_forged_or_forgotten_is_told(tampered: Session, sql: str) -> None:
    tamper(tampered, f"{sql} WHERE name = 'audit/2480'")
    assert len(findings(tampered)) == 1


def test_with_another_key_file_nothing_is_proven(tampered: Session) -> None:
    assert checked(tampered, seal=Seal(b"1" * 32)).found >= 5


# ---- keys


def test_the_chain_stands_when_keys_are_rotated_and_the_old_one_is_gone(database: str, tmp_path: Path) -> None:
    file = tmp_path / "hub.key"
    seal = Seal(keyring.key_from(file), file)
    writer, readers = Writer(database), Readers(database, threads=1)
    rulebook, clock = Rulebook(seal), SetClock(MORNING)

    async def story() -> None:
        auditing, node = Auditing(seal), Chaining(writer, readers, seal)
        resealing = Resealing(writer, readers, seal, rulebook, clock, settled=MORNING - MORNING)
        for n in range(4):
            await writer.do(auditing.all, a_note(f"B-{n}"))
        await node.chain()
        before = await readers.read(verify, seal, OURS)
        old = seal.newest
        keyring.rotate(file, made="2026-12-01")
        while await resealing.step():
            pass
        keyring.retire(file, frozenset(await readers.read(retirable, seal)))
        assert seal.newest != old
        fresh = Seal(keyring.read(file))
        assert await readers.read(verify, fresh, OURS) == before
        assert before.findings == ()
        rows = (await readers.read(lambda c: page(c, fresh, OURS, Wish(), limit=9))).rows
        assert {row.person for row in rows} == {"Anna Ek"}

    try:
        asyncio.run(story())
    finally:
        writer.stop()
        readers.stop()
