"""The answer to a booking: what it asks for, how each thing stands, and who is in the way."""

from collections.abc import Collection

from hub.clock import Clock, now_of
from hub.model.answers import BookingAnswer
from hub.model.plan import TargetKey
from hub.service.accept import answer_json
from hub.service.accept.accepting import Outcome
from hub.service.accept.bookings import Done
from hub.service.asking.asked import Asked
from hub.service.asking.changes import Given
from hub.service.looking.looking_up import LookUp
from hub.service.standing import showing
from hub.service.standing.showing import Standing
from hub.store import bookings, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers


class Answering:
    """Makes answers; reads only what the answer at hand needs."""

    def __init__(self, readers: Readers, look_up: LookUp, clock: Clock) -> None:
        self._readers, self._look_up, self._clock = readers, look_up, clock

    async def json(self, done: Done, *, with_values: bool, waited: bool = False) -> str:
        """The same as `answer`, written; a booking that is new is what thousands send."""
        request, judged = done.request, done.answer
        if not judged.new or waited or judged.outcome is not Outcome.ACCEPTED:
            return (await self.answer(done, with_values=with_values, waited=waited)).model_dump_json()
        standing, secrets = self._planned(done, with_values=with_values)
        return answer_json.accepted(done.booking, request.plan, standing, secrets, judged.conflicts)

    def _planned(self, done: Done, *, with_values: bool) -> tuple[list[Standing], dict[TargetKey, str]]:
        request = done.request
        standing = showing.planned(request.plan, request.rules.timing, now=now_of(self._clock))
        return standing, self._secrets(request.municipality, done.answer.codes) if with_values else {}

    def _secrets(self, municipality: str, codes: Collection[tuple[TargetKey, Given]]) -> dict[TargetKey, str]:
        """What was made just now as it is; the rest is opened."""
        made = {key: given.value for key, given in codes if given.value is not None}
        kept = [(key, given.code) for key, given in codes if given.value is None]
        return made | self._look_up.opened(municipality, kept) if kept else made

    async def answer(self, done: Done, *, with_values: bool, waited: bool = False) -> BookingAnswer:
        """Answer an accepted or unchanged booking; with the values of its credentials for who may see them."""
        request, judged = done.request, done.answer
        if judged.new and not waited:
            standing, secrets = self._planned(done, with_values=with_values)
        else:
            now = now_of(self._clock)
            standing, secrets = await self._readers.read(self._standing, done, now, with_values)
        return BookingAnswer(
            number=request.number,
            revision=judged.revision,
            outcome="accepted" if judged.outcome is Outcome.ACCEPTED else "unchanged",
            effects=tuple(one.answer() for one in standing),
            credentials=tuple(showing.credentials(done.booking, request.plan, secrets)),
            unserved=showing.unserved(request.plan),
            conflicts=showing.conflicts(judged.conflicts),
        )

    def _standing(
        self,
        connection: Connection,
        done: Done,
        now: int,
        with_values: bool,  # noqa: FBT001 - by place through a thread
    ) -> tuple[list[Standing], dict[TargetKey, str]]:
        town, rules = done.request.municipality, done.request.rules
        stored = bookings.find(connection, town, done.request.number)
        asked = Asked.from_json(stored.asked) if stored else Asked()
        seen = shown.seen(connection, town, [target.lane for target in asked.targets.values()])
        secrets = self._look_up.secrets(connection, town, asked) if with_values else {}
        return showing.standings(asked, seen, rules.timing, now=now), secrets
