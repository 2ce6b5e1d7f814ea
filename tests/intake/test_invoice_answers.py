"""What buyers answer, in a folder: taken in, or put aside with the reason."""

import re
from pathlib import Path

from hub.demo.stage import MUNICIPALITY
from hub.intake.inlets import Inlet
from hub.model.connection import Arrival, WatchedFolder
from tests.connectors.finance_peppol.stand import in_folder, names
from tests.connectors.finance_peppol.test_answers import an_answer
from tests.intake.place import Place, play

NAME = "peppol-inbox"


def test_answers_in_a_watched_folder_are_taken_in_and_what_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    async def story(place: Place) -> None:
        arrives = Arrival(folder=WatchedFolder(path=str(tmp_path), pattern="*.xml", settle_seconds=0))
        connector = in_folder(Path("/srv/out"))
        place.intake.inlets.add(Inlet(MUNICIPALITY, NAME, "finance_peppol", connector, connector, connector, arrives))
        for name, content in (
            ("1.xml", an_answer()), ("2.xml", an_answer(code="OK", key="B-1.i2")), ("3.xml", an_answer()[:200])
        ):  # fmt: skip
            (tmp_path / name).write_bytes(content)
        told = await place.post(f"/connections/{NAME}:fetch")
        assert (told["files"], told["new"], told["failed"]) == (3, 2, None)
        assert [re.sub(r"\d{8}T\S+?Z-", "", name) for name in names(tmp_path)] == [
            "archive/1.xml", "archive/2.xml", "errors/3.xml", "errors/3.xml.reason.txt"
        ]  # fmt: skip
        held = {one["reason"]: one["place"] for one in await place.get("/quarantine")}
        assert "there is no invoice B-1.i1" in held, "nothing was ever sent here"
        (unknown,) = [reason for reason in held if "ResponseCode is none of" in reason]
        assert held[unknown] == "line 1, /ApplicationResponse/DocumentResponse[1]"

    play(story)
