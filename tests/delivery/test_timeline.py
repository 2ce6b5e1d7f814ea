"""One booking's story: what happened and will happen, where, when and why, in the reader's language."""

from typing import Any

from hub.model import Dim
from hub.model.answers import BookingView, TimelineEntry
from hub.service.words.saying import Language
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour


def view(hall: Stage, number: str = "B-1", language: Language = "sv") -> BookingView:
    return hall.run(hall.look_up.booking(TOWN, number, with_values=False, language=language))


def told(hall: Stage, *, past: bool, number: str = "B-1", **more: Any) -> list[tuple[str, str | None, str | None]]:
    entries: tuple[TimelineEntry, ...] = view(hall, number, **more).timeline
    return [(one.what, one.target, one.detail) for one in entries if one.past is past]


def test_what_will_happen_is_told_with_its_reason(hall: Stage) -> None:
    hall.put()
    assert set(told(hall, past=False)) == {
        ("will open", f"locks/{PIN}", "outer, tillfälle 1 (training), 15 min innan det börjar"),
        ("will open", f"locks/{PIN}", "inner, tillfälle 1 (training), 15 min innan det börjar"),
        ("will be 60 %", "lamps/court-1", "tillfälle 1 (training), 15 min innan det börjar"),
        ("will be 60 %", "lamps/corridor", "tillfälle 1 (training), 15 min innan det börjar"),
        ("will be 80 %", "lamps/entrance", "tillfälle 1 (training), 15 min innan det börjar"),
        ("will shut", f"locks/{PIN}", "outer, tillfälle 1 (training), 10 min efter att det slutat"),
        ("will shut", f"locks/{PIN}", "inner, tillfälle 1 (training), 10 min efter att det slutat"),
        *(
            ("will no longer be asked for", f"lamps/{lamp}", "tillfälle 1 (training), 10 min efter att det slutat")
            for lamp in ("court-1", "corridor", "entrance")
        ),
    }
    english = ("will open", f"locks/{PIN}", "outer, occasion 1 (training), 15 min before it begins")
    assert english in told(hall, past=False, language="en")


def test_what_has_happened_is_told_in_swedish(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=0)
    del hall.locks.stands[PIN]
    hall.look_round()
    assert set(told(hall, past=True)) == {
        ("booking.accepted", None, "revision 1, status bekräftad"),
        ("credential.ready", None, f"mål locks/{PIN}, bevis avläst"),
        ("booking.effective", None, "revision 1"),
        ("confirmed", f"locks/{PIN}", "skickade 2 tidsfönster; bevis: avläst"),
        ("confirmed", "lamps/court-1", "skickade 60 %; bevis: avläst"),
        ("confirmed", "lamps/corridor", "skickade 60 %; bevis: avläst"),
        ("confirmed", "lamps/entrance", "skickade 80 %; bevis: avläst"),
        ("overridden", "lamps/court-1", "avläst 0 %, ska vara 60 %"),
        ("effect.lost", f"locks/{PIN}", "lades tillbaka"),
        ("outcome.revised", None, "revision 1, mål lamps/court-1, läge ändrad för hand"),
    }


def test_how_it_stands_and_what_failed_is_told_in_swedish_and_the_systems_own_words_as_they_came(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.lamps.breaks(Fault.FULL, "corridor")
    hall.put()
    hall.at("12:00")
    effects = {one.target: one.detail for one in view(hall).effects}
    assert effects["lamps/court-1"] == "fick 60 %, men avläses 0 %"
    assert effects["lamps/corridor"] == "no room for one more"
    assert ("stuck", "lamps/corridor", "no room for one more") in told(hall, past=True)


def test_time_that_became_free_is_told_in_swedish_time(hall: Stage) -> None:
    hall.put()
    hall.cancel()
    (freed,) = [detail for what, _, detail in told(hall, past=True) if what == "time.released"]
    assert freed == "resurs hall.court-1, från 2026-11-21 13:00, till 2026-11-21 14:00"


def test_a_lamps_story_is_told_for_the_time_of_the_booking_alone(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(180))
    hall.at("13:30")
    assert [target for _, target, _ in told(hall, past=True, number="B-2") if target] == ["locks/hub-B-2"]
    lamps = [(what, detail) for what, target, detail in told(hall, past=True) if target == "lamps/court-1"]
    hall.at("17:00")
    assert lamps == [
        ("confirmed", "skickade 60 %; bevis: avläst"),
        ("confirmed", "skickade släpp; bevis: avläst"),
    ]
    assert [(w, d) for w, target, d in told(hall, past=True) if target == "lamps/court-1"] == lamps
    assert len([1 for _, target, _ in told(hall, past=True, number="B-2") if target == "lamps/court-1"]) == 2


def test_a_light_that_was_taken_back_is_told_of_the_booking_that_was_cancelled(hall: Stage) -> None:
    hall.put()
    hall.at("12:10")
    hall.cancel()
    assert ("confirmed", "lamps/court-1", "skickade släpp; bevis: avläst") in told(hall, past=True)
