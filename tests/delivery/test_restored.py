"""A hub that was restored from a backup: what happened since stands in other systems, and is found there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.model.states import Delivery, Effect, Proof
from hub.service.keeping.backups import back_up, restore
from hub.store.engine.database import connect
from tests.builders import a_town
from tests.delivery import moves
from tests.delivery.harness import PIN, TOWN, Stage, hour
from tests.delivery.test_invoices import costs, court

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "night.zip"


def backed_up(hall: Stage, file: Path) -> None:
    moves.watch_no_more(hall.looking)
    back_up(hall.url, file, at=hall.clock.now())


def brought_back(hall: Stage, file: Path, *, paused: bool = False) -> None:
    """Lose the database, bring back the backup, and start; the systems go on from where they were."""
    hall.run(hall.node.connections.close())
    hall.writer.stop()
    hall.readers.stop()
    hall.looking.close()
    restore(hall.url, file, at=hall.clock.now(), replace=True, paused=paused)
    hall.looking = connect(hall.url)
    for system in (hall.locks, hall.lamps):
        system.forget()
    hall.open()
    hall.restart()


def test_a_code_that_was_granted_after_the_backup_is_found_and_not_sent_again(hall: Stage, file: Path) -> None:
    hall.accept()
    backed_up(hall, file)
    hall.settle()
    brought_back(hall, file)
    assert hall.locks.calls == [("read", PIN)]
    assert hall.state(PIN) == PROVEN


def test_what_stood_is_proven_anew_and_nothing_is_sent(hall: Stage, file: Path) -> None:
    hall.put()
    hall.at("11:45")
    backed_up(hall, file)
    brought_back(hall, file)
    assert hall.locks.commands() + hall.lamps.commands() == []
    assert {key for _, key in hall.locks.calls + hall.lamps.calls} == {PIN, "court-1", "corridor", "entrance"}
    assert hall.state(PIN) == hall.state("court-1") == PROVEN


def test_until_it_was_read_nothing_that_stood_is_green(hall: Stage, file: Path) -> None:
    hall.put()
    backed_up(hall, file)
    brought_back(hall, file, paused=True)
    effect, _, proof = hall.state(PIN)
    assert (effect, proof) == (Effect.STANDING, None)


def test_a_lamp_that_was_lit_after_the_backup_is_put_out_when_its_time_is_over(hall: Stage, file: Path) -> None:
    hall.put()
    backed_up(hall, file)
    hall.at("12:30")
    assert hall.lamps.percent("court-1") == 60
    hall.skip(hours=3)
    brought_back(hall, file)
    assert hall.lamps.lit() == {}


def test_a_code_that_was_granted_and_whose_time_is_over_is_taken_back(hall: Stage, file: Path) -> None:
    hall.accept()
    backed_up(hall, file)
    hall.settle()
    hall.skip(hours=30)
    brought_back(hall, file)
    assert hall.locks.stands == {}


def test_what_is_far_ahead_is_neither_read_nor_sent(staging: Staging, file: Path) -> None:
    hall = staging(a_town(horizon_days=1))
    hall.put(**hour(60 * 24 * 10))
    backed_up(hall, file)
    brought_back(hall, file)
    assert hall.locks.calls == []


def test_a_booking_that_moved_after_the_backup_is_told_as_no_loss_and_follows_when_it_is_sent_again(
    hall: Stage, file: Path
) -> None:
    hall.put()
    backed_up(hall, file)
    hall.put(revision=2, **hour(120))
    brought_back(hall, file)
    assert hall.events("effect.lost") == []
    hall.put(revision=2, **hour(120))
    assert hall.events("effect.lost") == []
    assert hall.state(PIN) == PROVEN


def test_an_invoice_that_went_out_after_the_backup_is_found_in_the_ledger(staging: Staging, file: Path) -> None:
    hall = staging(a_town(finance="ledger"))
    hall.accept(**costs(court()))
    hall.run(hall.node.biller.step())
    backed_up(hall, file)
    hall.settle()
    assert [one.key for one in hall.ledger.came] == ["B-1.i1"]
    brought_back(hall, file)
    assert [one.key for one in hall.ledger.came] == ["B-1.i1"]
    assert [str(shown.delivery) for shown in hall.view().money.invoices] == ["confirmed"]  # type: ignore[union-attr]


def test_a_hub_that_begins_paused_sends_nothing_until_it_is_resumed(hall: Stage, file: Path) -> None:
    hall.put()
    backed_up(hall, file)
    hall.cancel()
    brought_back(hall, file, paused=True)
    hall.after(hours=1)
    assert hall.locks.calls + hall.lamps.calls == []
    hall.cancel()
    for name in ("locks", "lamps"):
        hall.run(hall.node.health.set_paused(TOWN, name, None))
    hall.settle()
    assert ("put", PIN) not in hall.locks.calls
    assert hall.locks.stands == {}
