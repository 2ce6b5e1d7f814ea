"""What is told of incoming data is what is documented."""

import jsonschema  # type: ignore[import-untyped] # published without types

from tests.intake.place import BO, NAME, Place, play
from tests.verify.test_events import INCOMING, payload


def test_every_event_of_incoming_data_holds_to_its_schema() -> None:
    async def story(place: Place) -> None:
        await place.send(f"1;a;2026-11-02 18:00;2026-11-02 19:00;{BO}")
        place.source.lines = [
            f"2;a;2026-11-03 18:00;2026-11-03 19:00;{BO}", "9;a;passed;hall-a;2026-11-23T18:00:00+01:00",
            "10;a;refused;hall-a;2026-11-23T18:00:00+01:00",
        ]  # fmt: skip
        await place.post(f"/connections/{NAME}:fetch")
        told = [event for event in (await place.get("/events"))["events"] if event["type"] in INCOMING]
        assert {event["type"] for event in told} == INCOMING
        for event in told:
            jsonschema.validate(event, payload(event["type"]))
            assert BO not in str(event)
        (passed,) = [event["data"]["at"] for event in told if event["type"] == "door.passed"]
        assert passed == "2026-11-23T17:00:00Z"

    play(story)
