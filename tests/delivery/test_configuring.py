"""Another configuration is put in force while bookings stand: what stands follows it, and nothing is forgotten."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.delivery.reach.following import Following
from hub.errors import ConfigurationError, NotFoundError, RefusedError
from hub.model.audit import Act
from hub.model.configuration import Configuration
from hub.model.configured import ConfigurationPlan
from hub.model.facility import Facility, LevelKind
from hub.model.states import Delivery, Effect, Proof, Record
from hub.service.accept.bookings import Bookings
from hub.service.audit.acting import Actor, act_as
from hub.service.audit.audited import Wish, page
from hub.service.governing import configuring
from hub.service.governing.configuring import Applying, Configuring, Moved, history
from hub.service.governing.foretelling import Wanted, foretell
from hub.service.rulebook import Rulebook
from hub.store import configurations
from hub.store.engine.database import connect
from tests.builders import SATURDAY, a_charge, a_town, files_of, occasion
from tests.delivery.fakes import LOCKS, Fault, LockSystem
from tests.delivery.harness import PIN, TOWN, Node, Stage, hour, leading_to_systems

Staging = Callable[..., Stage]
RESTS = (Effect.REMOVED, Delivery.CONFIRMED)


@pytest.fixture
def hall(staging: Staging) -> Stage:
    return staging(a_town())


def folder(town: Configuration) -> dict[str, str]:
    return files_of(leading_to_systems(town))


def configuring_of(hall: Stage) -> Configuring:
    return Configuring(hall.writer, hall.readers, hall.seal, hall.clock)


def applying_of(hall: Stage) -> Applying:
    return Applying(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)


def following_of(hall: Stage) -> Following:
    node = Following(hall.writer, hall.readers, hall.rulebook, hall.node.connections, applying_of(hall), hall.clock)
    node.began({key: town.version for key, town in hall.rulebook.towns().items()})
    return node


def moved(hall: Stage, town: Configuration) -> Moved:
    """Store it and make it current; nothing that stands follows yet."""
    return hall.run(configuring_of(hall).apply(TOWN, folder(town)))


def applied(hall: Stage, town: Configuration) -> Moved:
    """Put it in force, as a hub that runs does, and carry what is due."""
    following = following_of(hall)
    done = moved(hall, town)
    hall.run(following.follow())
    hall.settle()
    return done


def foretold(hall: Stage, town: Configuration) -> ConfigurationPlan:
    files = folder(town)
    wanted = Wanted(leading_to_systems(town), files, hall.now())
    return hall.read(lambda connection: foretell(connection, hall.seal, wanted))


def counts(plan: ConfigurationPlan) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(added, removed, changed) by connection and kind."""
    return {(one.connection, one.kind): (one.added, one.removed, one.changed) for one in plan.targets}


def with_facility(town: Configuration, **changes: Any) -> Configuration:
    """The same town with some of its hall otherwise."""
    hall = town.facilities["hall"].model_copy(update=changes)
    return town.model_copy(update={"facilities": {"hall": hall}})


def with_locks_at(name: str, *, keep: bool) -> Configuration:
    """The doors over a connection of another name; `keep`: the old one's file is still there."""
    town = a_town()
    access = town.facilities["hall"].access
    assert access
    town = with_facility(town, access=access.model_copy(update={"connection": name}))
    there = dict(town.connections)
    there[name] = there["locks"] if keep else there.pop("locks")
    return town.model_copy(update={"connections": there})


def other_locks(hall: Stage) -> LockSystem:
    return LOCKS[f"{TOWN}/doors"]


# ---- what stands follows


def test_doors_open_as_much_earlier_as_the_new_configuration_says_with_the_same_code(hall: Stage) -> None:
    hall.put()
    pin = hall.locks.pin(PIN)
    hall.at("11:00")
    applied(hall, a_town(lead=45))
    assert hall.locks.pin(PIN) == pin
    hall.at("11:16")
    assert hall.locks.opens("outer", hall.clock.now()) == {PIN}
    assert hall.view().configuration == 2


def test_a_lamp_that_is_lit_gets_its_new_level(hall: Stage) -> None:
    hall.put()
    hall.at("12:10")
    town = a_town()
    zones = dict(town.facilities["hall"].zones)
    zones["court-1"] = zones["court-1"].model_copy(update={"levels": {"default": 80}})
    applied(hall, with_facility(town, zones=zones))
    assert hall.lamps.lit() == {"court-1": 80, "corridor": 60, "entrance": 80}


def test_a_zone_that_becomes_another_kind_is_sent_as_that(hall: Stage) -> None:
    hall.put()
    hall.at("12:10")
    town = a_town()
    zones = dict(town.facilities["hall"].zones)
    zones["court-1"] = zones["court-1"].model_copy(update={"kind": LevelKind.SWITCH, "levels": {"default": True}})
    applied(hall, with_facility(town, zones=zones))
    assert hall.lane("court-1").kind == "switch"
    assert hall.state("court-1") == (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


def test_what_is_over_stays_as_it_was(hall: Stage) -> None:
    hall.put(occasions=[occasion(after=0), occasion(id="2", after=60 * 24)])
    hall.at("14:00")
    before = hall.rows("SELECT occasion, starts, ends FROM claims WHERE occasion = '1' ORDER BY lane, door")
    assert counts(foretold(hall, a_town(lead=45))) == {("lamps", "dim"): (0, 0, 3), ("locks", "credential"): (0, 0, 2)}
    applied(hall, a_town(lead=45))
    assert hall.rows("SELECT occasion, starts, ends FROM claims WHERE occasion = '1' ORDER BY lane, door") == before
    told = hall.view()
    starts = {door.starts_at for one in told.credentials if one.occasion == "2" for door in one.doors}
    assert starts == {told.booking.occasions[1].starts_at - timedelta(minutes=45)}


def test_a_booking_that_is_over_is_not_planned_anew(hall: Stage) -> None:
    hall.put()
    hall.at("23:00", days=1)
    applied(hall, a_town(lead=45))
    assert hall.view().configuration == 1


def test_what_had_no_connection_gets_one(staging: Staging) -> None:
    town = a_town()
    zones = {name: zone.model_copy(update={"connection": None}) for name, zone in town.facilities["hall"].zones.items()}
    hall = staging(with_facility(town, zones=zones))
    hall.put()
    hall.at("12:05")
    assert hall.lamps.lit() == {}
    plan = foretold(hall, town)
    assert counts(plan) == {("lamps", "dim"): (3, 0, 0)}
    assert {(one.capability, one.what): (one.unserved, one.served, one.examples) for one in plan.served} == {
        ("lighting", f"hall/{zone}"): (0, 1, ("B-1",)) for zone in ("court-1", "corridor", "entrance")
    }
    applied(hall, town)
    assert hall.lamps.lit() == {"court-1": 60, "corridor": 60, "entrance": 80}
    assert hall.view().unserved == ()


def test_a_code_is_sent_at_once_when_it_may_be_sent_further_ahead(hall: Stage) -> None:
    hall.put(**hour(60 * 24 * 20))
    assert hall.state(PIN)[1] == Delivery.WAITING
    applied(hall, a_town(horizon_days=30))
    assert hall.state(PIN) == (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


def test_money_is_left_alone(staging: Staging) -> None:
    hall = staging(a_town(finance="ledger"))
    hall.put(charges=[a_charge()], payment={"kind": "invoice"}, **hour(60 * 30))
    sql = "SELECT kind, state, account, connection, net, vat, day, bills_at FROM entries ORDER BY id"
    before = hall.rows(sql)
    assert before
    applied(hall, a_town(finance="ledger", lead=45, charging={"terms_days": 10}))
    assert hall.view().configuration == 2, "its doors were planned anew"
    assert hall.rows(sql) == before


def test_nobody_is_told_again_and_a_new_role_not_of_all_that_stands(staging: Staging) -> None:
    hall = staging(a_town(told=["husmor"]))
    hall.put(notify=["husmor"], **hour(120))
    assert len(hall.mail.came) == 1
    applied(hall, a_town(told=["husmor", "vaktbolag"], roles={"vaktbolag": {"always": True}}, lead=45))
    assert hall.view().configuration == 2
    assert len(hall.mail.came) == 1
    assert hall.state("B-1.r1.husmor") == (Record.DONE, Delivery.CONFIRMED, Proof.RECEIPT)
    hall.put(revision=2, notify=["husmor"], **hour(180))
    assert [one.recipient.split("@")[0] for one in hall.mail.came[1:]] == ["husmor", "vaktbolag"]


def test_another_configuration_suspends_nothing_and_what_is_closed_stays_closed(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(120, of="hall.court-2"))
    hall.close_resource("snow", of="hall.court-2")
    before = len(hall.events("booking."))
    applied(hall, a_town(lead=45))
    assert len(hall.events("booking.")) == before
    assert hall.state("hub-B-2")[0] == Effect.SUSPENDED
    hall.lift_closure("snow")
    assert hall.state("hub-B-2")[0] == Effect.STANDING


def test_a_booking_whose_resource_is_gone_keeps_what_it_has_and_is_a_problem(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(60, of="hall.machine"))
    town = a_town()
    resources = {key: one for key, one in town.facilities["hall"].resources.items() if key != "hall.machine"}
    less = with_facility(a_town(lead=45), resources=resources)
    assert foretold(hall, less).unplannable_examples == ("B-2",)
    applied(hall, less)
    (problem,) = hall.problems()
    assert (problem.connection, problem.code) == ("(bookings)", "unplannable")
    assert problem.detail == "1 for configuration 2: B-2"
    assert hall.view("B-2").configuration == 1
    applied(hall, a_town(lead=30))
    assert hall.problems() == []


# ---- connections that come and go


def test_doors_move_to_another_system_and_the_old_one_goes_when_it_holds_nothing(hall: Stage) -> None:
    hall.put()
    hall.at("11:00")
    gone = with_locks_at("doors", keep=False)
    (refused,) = foretold(hall, gone).refused
    assert (refused.connection, refused.targets, refused.example) == ("locks", 1, PIN)
    with pytest.raises(RefusedError, match="locks: 1 targets") as caught:
        moved(hall, gone)
    assert caught.value.code == "connection-stands"
    assert hall.read(configurations.current_versions) == {TOWN: 1}
    applied(hall, with_locks_at("doors", keep=True))
    assert hall.locks.opens("outer", hall.clock.now() + timedelta(hours=1)) == {PIN}, "until the other has it"
    hall.after(minutes=2)
    assert hall.locks.opens("outer", hall.clock.now() + timedelta(hours=1)) == set()
    assert other_locks(hall).opens("outer", hall.clock.now() + timedelta(hours=1)) == {PIN}
    applied(hall, gone)
    assert hall.node.connections.find(TOWN, "locks") is None
    assert hall.problems() == []


def test_a_connection_does_not_become_another_connectors_while_anything_stands_there(hall: Stage) -> None:
    hall.put()
    with pytest.raises(RefusedError, match="locks: 1 targets"):
        moved(hall, a_town(connectors={"locks": {"connector": "DayLocks"}}))


def test_a_message_that_has_not_gone_out_keeps_its_connection(staging: Staging) -> None:
    hall = staging(a_town(told=["husmor"]))
    hall.accept(notify=["husmor"])
    with pytest.raises(RefusedError, match=r"mail: 0 targets.*1 records not sent"):
        moved(hall, a_town())


def test_what_stands_over_a_connection_that_is_gone_all_the_same_is_a_problem_until_it_is_back(hall: Stage) -> None:
    """As after a restore, or when somebody else has changed the database."""
    hall.put()
    hall.at("11:00")
    following = following_of(hall)
    with closing(connect(hall.url)) as session, session.transaction():
        configurations.add(session, TOWN, folder(with_locks_at("doors", keep=False)), now=hall.now(), applied=False)
    hall.run(following.follow())
    hall.after(minutes=2)
    assert hall.problems() == [], "a node may only be late"
    hall.after(seconds=30)
    (problem,) = hall.problems()
    assert (problem.connection, problem.code, problem.waiting) == ("locks", "no-connection", 1)
    with closing(connect(hall.url)) as session, session.transaction():
        configurations.make_current(session, TOWN, 1)
    hall.run(following.follow())
    hall.after(minutes=2)
    assert hall.problems() == []
    hall.after(seconds=30)
    assert [(problem.connection, problem.code) for problem in hall.problems()] == [("doors", "no-connection")]
    assert hall.locks.opens("outer", hall.clock.now() + timedelta(hours=1)) == {PIN}


def test_where_nothing_was_ever_sent_a_connection_may_go_and_its_lanes_rest(hall: Stage) -> None:
    hall.put(**hour(60 * 24 * 20))
    applied(hall, with_locks_at("doors", keep=False))
    assert hall.problems() == []
    lanes = hall.rows("SELECT connection, effect, delivery FROM lanes WHERE kind = 'credential' ORDER BY connection")
    assert lanes == [("doors", "planned", "waiting"), ("locks", "removed", "confirmed")]


def test_a_connection_goes_on_with_its_settings_of_before_while_the_new_ones_cannot_be_used(hall: Stage) -> None:
    hall.put()
    before = hall.running("locks")
    town = leading_to_systems(a_town())
    locks = town.connections["locks"].model_copy(update={"settings": {"system": "${env:NOWHERE}"}})
    following = following_of(hall)
    files = files_of(town.model_copy(update={"connections": town.connections | {"locks": locks}}))
    hall.run(configuring_of(hall).apply(TOWN, files))
    hall.run(following.follow())
    (problem,) = hall.problems()
    assert (problem.connection, problem.code) == ("locks", "not-opened")
    assert "NOWHERE" in problem.detail
    assert hall.running("locks") is before
    hall.node.connections._how = ({"NOWHERE": f"{TOWN}/locks"}, hall.node.connections._how[1])
    hall.run(following.follow())
    assert hall.problems() == []
    assert hall.running("locks") is not before
    hall.settle()
    assert hall.state(PIN) == (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


@pytest.mark.parametrize("how", ["resumed here", "resumed elsewhere", "tested"])
def test_a_secret_that_was_changed_is_read_anew_when_its_connection_is_resumed(
    hall: Stage, how: str, tmp_path: Path
) -> None:
    """The system that a setting leads to stands for the password that it holds."""
    secret = tmp_path / "secret"
    secret.write_text(f"{TOWN}/nowhere")
    town = leading_to_systems(a_town())
    locks = town.connections["locks"].model_copy(update={"settings": {"system": f"${{file:{secret}}}"}})
    files = files_of(town.model_copy(update={"connections": town.connections | {"locks": locks}}))
    hall.run(configuring_of(hall).apply(TOWN, files))
    hall.run(following_of(hall).follow())
    LOCKS[f"{TOWN}/nowhere"].breaks(Fault.REFUSES)
    hall.put()
    assert [one.code for one in hall.problems()] == ["credentials"]
    before = hall.running("locks")
    secret.write_text(f"{TOWN}/locks")
    match how:
        case "resumed here":
            hall.run(hall.node.health.set_paused(TOWN, "locks", None))
        case "resumed elsewhere":
            other = hall.run(hall.another_node())
            hall.run(other.health.set_paused(TOWN, "locks", None))
            hall.run(other.connections.close())
            hall.run(hall.node.health.follow_pauses())
        case _:
            assert hall.run(hall.node.health.check(before))[0] is not None
            assert hall.running("locks").paused == "credentials"
            hall.run(hall.node.health.set_paused(TOWN, "locks", None))
    hall.settle()
    assert hall.running("locks") is not before
    assert hall.locks.stands
    assert hall.problems() == []


def test_a_connection_whose_secrets_are_as_before_goes_on_as_it_is(hall: Stage) -> None:
    before = hall.running("locks")
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))
    hall.run(hall.node.health.set_paused(TOWN, "locks", None))
    assert hall.running("locks") is before


def test_what_waits_over_a_paused_connection_is_not_put_off_anew_by_each_process_that_starts(hall: Stage) -> None:
    taken = "SELECT key, token FROM lanes WHERE connection = 'locks'"
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))
    hall.accept()
    hall.settle()
    before = hall.rows(taken)
    assert before
    hall.restart()
    assert hall.rows(taken) == before
    hall.run(hall.node.health.set_paused(TOWN, "locks", None))
    hall.settle()
    assert hall.locks.stands


def test_a_connection_that_is_paused_stays_so_with_new_settings(hall: Stage) -> None:
    hall.run(hall.node.health.set_paused(TOWN, "locks", "somebody"))
    applied(hall, a_town(connectors={"locks": {"push_horizon_days": 20}}))
    assert hall.running("locks").paused == "somebody"


# ---- versions


def test_the_same_folder_makes_no_new_version(hall: Stage) -> None:
    assert moved(hall, a_town()) == Moved(TOWN, 1, 1)
    assert hall.read(configurations.unapplied) == []


def test_a_folder_with_errors_is_not_put_in_force(hall: Stage) -> None:
    with pytest.raises(ConfigurationError):
        hall.run(configuring_of(hall).apply(TOWN, {"municipality.yaml": "key: [\n"}))
    assert hall.read(configurations.current_versions) == {TOWN: 1}


def test_the_version_before_is_put_back_with_all_that_stood(hall: Stage) -> None:
    hall.put()
    pin, before = hall.locks.pin(PIN), hall.rows("SELECT * FROM claims ORDER BY lane, door")
    hall.at("11:00")
    applied(hall, a_town(lead=45))
    following = following_of(hall)
    assert hall.run(configuring_of(hall).roll_back(TOWN, None)) == Moved(TOWN, 1, 2)
    hall.run(following.follow())
    hall.settle()
    assert hall.rows("SELECT * FROM claims ORDER BY lane, door") == before
    assert hall.locks.pin(PIN) == pin
    with pytest.raises(NotFoundError, match="no version 7"):
        hall.run(configuring_of(hall).roll_back(TOWN, 7))


def test_the_history_tells_when_by_whom_and_what(hall: Stage) -> None:
    async def by(name: str, doing: Coroutine[Any, Any, Moved]) -> None:
        act_as(Actor("cli", name))
        await doing

    hall.run(by("anna", configuring_of(hall).apply(TOWN, folder(a_town(lead=45)))))
    hall.skip(hours=1)
    hall.run(by("bo", configuring_of(hall).apply(TOWN, folder(a_town(lead=45, horizon_days=20)))))
    hall.skip(hours=1)
    hall.run(by("cia", configuring_of(hall).roll_back(TOWN, 2)))
    lines = hall.read(history, hall.seal, TOWN)
    assert [(one.version, one.current, one.who, one.person) for one in lines] == [
        (3, False, "cli", "bo"),
        (2, True, "cli", "cia"),
        (1, False, None, None),
    ]
    assert lines[1].put_in_force_at == hall.clock.now()
    assert lines[1].made_at == hall.clock.now() - timedelta(hours=2)
    assert lines[0].differences == (
        "connections/lamps.yaml: push_horizon_days changed from 14 to 20",
        "connections/locks.yaml: push_horizon_days changed from 14 to 20",
    )
    assert lines[1].more > 0
    (row,) = hall.read(lambda c: page(c, hall.seal, TOWN, Wish(act=Act.CONFIGURATION_ROLLED_BACK), limit=9)).rows
    assert (row.subject, row.told) == ("2", {"version": 2, "before": 3})


def test_a_plan_stores_nothing_and_counts_what_applying_changes(hall: Stage) -> None:
    for n in range(1, 5):
        hall.put(f"B-{n}", **hour(60 * n))
    before = hall.rows("SELECT count(*) FROM audit_leaves"), hall.rows("SELECT * FROM configurations")
    claims = "SELECT booking, occasion, lane, door, starts, ends FROM claims"
    stood = set(hall.rows(claims))
    plan = foretold(hall, a_town(lead=20))
    assert (hall.rows("SELECT count(*) FROM audit_leaves"), hall.rows("SELECT * FROM configurations")) == before
    assert (plan.current, plan.bookings, plan.changed) == (1, 4, 4)
    applied(hall, a_town(lead=20))
    assert len(set(hall.rows(claims)) - stood) == sum(sum(each) for each in counts(plan).values()) == 20
    (lamps, locks) = plan.targets
    assert [one.number for one in locks.examples] == ["B-1", "B-1", "B-2"]
    assert lamps.examples[0].target == "lamps/court-1"
    assert lamps.examples[0].before
    assert lamps.examples[0].after
    assert lamps.examples[0].before.starts_at - lamps.examples[0].after.starts_at == timedelta(minutes=5)


# ---- on the way


def test_what_is_accepted_meanwhile_follows_the_new_version_whoever_accepts_it(hall: Stage) -> None:
    stale = Rulebook(hall.seal)
    hall.run(stale.load(hall.readers))
    moved(hall, a_town(lead=45))
    other = Bookings(hall.writer, hall.readers, hall.seal, stale, hall.clock)
    hall.bookings = other
    hall.put("B-9", **hour(120))
    assert hall.view("B-9").configuration == 2


class KilledError(Exception):
    """The process, between two steps."""


def test_one_that_is_killed_on_the_way_has_remembered_how_far_it_came(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuring, "BATCH", 2)
    for n in range(1, 8):
        hall.put(f"B-{n}", **hour(60 * n))
    moved(hall, a_town(lead=45))
    first, batches = applying_of(hall), iter((None, KilledError()))

    def dies() -> None:
        """After the second batch is on disk, and before that is remembered."""
        if (error := next(batches)) is not None:
            raise error

    first.woken = dies
    with pytest.raises(KilledError):
        hall.run(first.finish())
    assert [hall.view(f"B-{n}").configuration for n in range(1, 8)] == [2, 2, 2, 2, 1, 1, 1]
    (known,) = hall.read(configurations.unapplied)
    assert (known.applied, known.changed) == (False, 2)
    hall.run(applying_of(hall).finish())
    assert hall.read(configurations.unapplied) == [known], "it may only be slow"
    hall.skip(seconds=16)
    generation = hall.lane("hub-B-3").generation
    hall.run(applying_of(hall).finish())
    assert hall.read(configurations.unapplied) == []
    assert {hall.view(f"B-{n}").configuration for n in range(1, 8)} == {2}
    assert hall.lane("hub-B-3").generation == generation, "what was done is not done again"


def test_one_that_is_overtaken_stops_and_all_follows_the_newest(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuring, "BATCH", 2)
    for n in range(1, 8):
        hall.put(f"B-{n}", **hour(60 * n))
    moved(hall, a_town(lead=45))

    async def story() -> None:
        overtaken = asyncio.Event()
        first = applying_of(hall)
        first.woken = overtaken.set
        going = asyncio.create_task(first.finish())
        await overtaken.wait()
        await configuring_of(hall).apply(TOWN, folder(a_town(lead=20)))
        await going
        await applying_of(hall).finish()

    hall.run(story())
    assert hall.read(configurations.unapplied) == []
    assert {hall.view(f"B-{n}").configuration for n in range(1, 8)} == {3}


def test_two_that_go_on_at_once_do_it_once(hall: Stage) -> None:
    for n in range(1, 8):
        hall.put(f"B-{n}", **hour(60 * n))
    moved(hall, a_town(lead=45))

    async def story() -> None:
        await asyncio.gather(*(applying_of(hall).finish() for _ in range(3)))

    hall.run(story())
    (line,) = hall.rows("SELECT applied, changed FROM configurations WHERE current = 1")
    assert line == (1, 7)


def test_every_node_follows_its_own_rules_and_connections(hall: Stage) -> None:
    hall.put()
    mine = following_of(hall)
    other = Rulebook(hall.seal)

    async def node() -> tuple[Node, Following]:
        await other.load(hall.readers)
        made = await hall.another_node()
        applying = Applying(hall.writer, hall.readers, hall.seal, other, hall.clock)
        following = Following(hall.writer, hall.readers, other, made.connections, applying, hall.clock)
        following.began({TOWN: 1})
        return made, following

    second, theirs = hall.run(node())
    moved(hall, with_locks_at("doors", keep=True))
    hall.run(mine.follow())
    assert second.connections.find(TOWN, "doors") is None
    hall.run(theirs.follow())
    assert second.connections.find(TOWN, "doors")
    assert other.town(TOWN).version == 2
    hall.run(second.settle())
    hall.skip(minutes=2)
    hall.run(second.settle())
    assert other_locks(hall).opens("outer", SATURDAY) == {PIN}
    assert hall.locks.opens("outer", SATURDAY) == set()
    hall.run(second.connections.close())


# ---- other rules of zones


def with_rules(zones: dict[str, dict[str, Any]]) -> Configuration:
    """The town, some zones of which have rules of their own."""
    hall = a_town().facilities["hall"].model_dump()
    for name, rules in zones.items():
        hall["zones"][name] |= rules
    return a_town().model_copy(update={"facilities": {"hall": Facility.model_validate(hall)}})


def test_other_rules_of_a_zone_are_foretold_where_its_line_would_be_another(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.put("B-2", **hour(180))
    tail = {"tail": {"minutes": 12, "level": 20}}
    plan = foretold(hall, with_rules({"court-1": tail, "court-2": tail}))
    assert (plan.changed, plan.targets) == (0, ()), "no booking asks for another thing"
    assert (plan.lines.rules, plan.lines.zones) == (2, 1), "nobody has booked the other court"
    (one,) = plan.lines.examples
    assert (one.zone, one.stretches, one.before) == ("hall/court-1", 2, None)
    assert one.after is not None
    assert (one.after.ends_at - one.after.starts_at, one.after.level) == (timedelta(minutes=12), 20)
    assert one.at == one.after.starts_at >= SATURDAY + timedelta(hours=1)
    assert round(one.hours_after - one.hours_before, 1) == 0.4


def test_what_a_latest_time_cuts_off_is_foretold_and_rules_that_change_nothing_are_counted_only(hall: Stage) -> None:
    hall.put("B-1", **hour(600, minutes=90))
    late = {"latest_off": {"at": "23:00", "until": "05:00"}}
    (one,) = foretold(hall, with_rules({"court-1": late})).lines.examples
    assert one.before is not None
    assert one.before.starts_at < one.at == SATURDAY + timedelta(hours=10) < one.before.ends_at
    assert (one.after, one.stretches, one.hours_after < one.hours_before) == (None, 2, True)
    plan = foretold(hall, with_rules({"court-1": {"latest_off": {"at": "04:00", "until": "05:00"}}}))
    assert (plan.lines.rules, plan.lines.zones, plan.lines.examples) == (1, 0, ())
    assert foretold(hall, a_town()).lines.rules == 0
