"""The hub dies at any moment of a message's way to a real mail server: it comes once, or twice with one Message-ID."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiosmtpd.smtp import SMTP, Envelope

from tests.counterparts.ports import free_port
from tests.counts import IN_SOAK
from tests.faults import hub_process
from tests.faults.hub_process import Place, end, start
from tests.faults.moments import OF_SYSTEMS, Moment, name_of
from tests.faults.town import MAIL, TOWN, write_entry_points

BEFORE, AFTER, LATER = (f"2026-11-24T{wall}+01:00" for wall in ("05:00", "06:31", "06:45"))
"""The digest is of half past six."""
PATIENCE_SECONDS = 30.0
ONCE = (Moment.TAKEN, Moment.RECEIVED, Moment.SETTLED)
TWICE = (Moment.APPLIED, Moment.ANSWERED, Moment.SETTLING)
EVERY = [*((moment, 1) for moment in ONCE), *((moment, 2) for moment in TWICE)]
WAYS = ["vakt", "office"]
"""One is told at once, the other by a digest."""
PLAYED = [(role, *case) for n, case in enumerate(EVERY) for m, role in enumerate(WAYS) if IN_SOAK or n % len(WAYS) == m]
"""Every moment for one of them; in a soak for both."""


@dataclass
class Post:
    """A mail server's mailboxes; it can kill whoever sends to it, before it has the text, or when it has."""

    came: list[tuple[str, str, str]] = field(default_factory=list)
    """(recipient, Message-ID, subject)."""
    kills: Moment | None = None
    strike: Callable[[], None] = lambda: None
    greylists: set[str] = field(default_factory=set)

    async def handle_RCPT(self, _server: SMTP, *told: Any) -> str:  # noqa: N802 - aiosmtpd's name
        envelope, address = told[1], told[2]
        assert isinstance(envelope, Envelope)
        if self.kills is Moment.RECEIVED:
            self._kill()
        if address in self.greylists:
            self.greylists.discard(address)
            return "450 4.2.0 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, *told: Any) -> str:  # noqa: N802 - aiosmtpd's name
        envelope = told[1]
        assert isinstance(envelope, Envelope)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        self.came += [(to, message["Message-ID"], message["Subject"]) for to in envelope.rcpt_tos]
        if self.kills is Moment.APPLIED:
            self._kill()
        return "250 2.0.0 queued"

    def _kill(self) -> None:
        self.kills = None
        self.strike()


@asynccontextmanager
async def served(post: Post) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(post, loop=loop, hostname="mail.test"), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def write_town(folder: Path, port: int) -> None:
    """One hall without doors or lamps, and two who are told of it."""
    court = {"name": "Bana 1", "kind": "place", "parts": []}
    roles = {role: {"email": {"connection": MAIL, "to": f"{role}@kommun.test"}} for role in WAYS}
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "bokning@kommun.test"}
    files: dict[str, Any] = {
        "municipality.yaml": {
            "key": TOWN, "name": "Provköping", "time_zone": "Europe/Stockholm", "awaits": [],
            "notify": roles | {"office": roles["office"] | {"digest": {"at": "06:30"}}},
        },
        "connections/mail.yaml": {"connector": "faults_mail", "mode": "live", "settings": settings},
        "facilities/hall.yaml": {"name": "Hallen", "resources": {"hall.bana-1": court}, "access": None, "zones": {}},
    }  # fmt: skip
    for name, tree in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))


def booking(role: str) -> dict[str, Any]:
    times = {"starts_at": "2026-11-30T18:00:00+01:00", "ends_at": "2026-11-30T19:00:00+01:00"}
    return {
        "number": "B-1", "revision": 1, "status": "confirmed", "notify": [role],
        "customer": {"kind": "association", "name": "Klubben"}, "payment": {"kind": "free"},
        "occasions": [{"id": "1", "resource": "hall.bana-1", **times}],
    }  # fmt: skip


async def until(so: Callable[[], Awaitable[bool]], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not await so():
        assert time.monotonic() < give_up, f"never: {what}"
        await asyncio.sleep(0.05)


class Run:
    """A hub that is started, killed and asked."""

    def __init__(self, place: Place, session: aiohttp.ClientSession) -> None:
        self.place, self.session = place, session

    def launch(self, clock: str) -> None:
        self.hub = start(hub_process.serve, self.place, clock)

    async def begin(self, clock: str) -> None:
        self.launch(clock)
        await until(self._answers, "the hub serves")
        self.key = (self.place.folder / "hub.operator-key").read_text().strip()

    async def _answers(self) -> bool:
        try:
            async with self.session.get(f"{self.place.address}/readyz") as answer:
                return answer.ok
        except aiohttp.ClientError:
            return False

    def lay(self, post: Post, moment: Moment) -> None:
        """Have it die there, once."""
        if moment in OF_SYSTEMS:
            post.kills = moment
        else:
            place = MAIL if moment in {Moment.TAKEN, Moment.ANSWERED} else "hub"
            self.place.trap.write_text(name_of(place, moment))

    def strike(self) -> None:
        """Kill -9, whichever of them runs."""
        self.hub.kill()

    async def died(self) -> None:
        async def is_dead() -> bool:
            return not self.hub.is_alive()

        await until(is_dead, "the hub dies there")

    async def put(self, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        url = f"{self.place.address}/v1/{TOWN}/bookings/B-1"
        async with self.session.put(url, json=body, headers=headers) as answer:
            assert answer.ok, await answer.text()

    async def told(self, count: int) -> None:
        """Wait until so many messages are settled, and no other is to be."""

        async def is_done() -> bool:
            states = await self._states()
            return len(states) == count and set(states) == {"confirmed"}

        await until(is_done, f"{count} are told")

    async def _states(self) -> list[str]:
        headers = {"Authorization": f"Bearer {self.key}"}
        async with self.session.get(f"{self.place.address}/v1/{TOWN}/deliveries", headers=headers) as answer:
            deliveries = (await answer.json())["deliveries"]
        return [one["delivery"] for one in deliveries]


@asynccontextmanager
async def begun(folder: Path, post: Post, clock: str) -> AsyncIterator[Run]:
    place = Place(folder, free_port())
    async with served(post) as port, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        write_town(place.town, port)
        write_entry_points(place.offered)
        run = Run(place, session)
        try:
            await run.begin(clock)
            yield run
        finally:
            end(run.hub)


@pytest.mark.parametrize("role, moment, times", PLAYED, ids=str)
def test_a_hub_that_dies_there_tells_once_or_again_with_the_same_id(
    role: str, moment: Moment, times: int, tmp_path: Path
) -> None:
    async def told() -> None:
        post = Post()
        async with begun(tmp_path, post, BEFORE) as run:
            post.strike = run.strike
            if role == "office":  # its digest is made when the hub is back, after its time
                await run.put(booking(role))
                end(run.hub)
                run.lay(post, moment)
                run.launch(AFTER)
            else:
                run.lay(post, moment)
                with suppress(aiohttp.ClientError):  # what was leased as it was accepted is begun before the answer
                    await run.put(booking(role))
            await run.died()
            await run.begin(LATER)
            await run.told(1)
        assert {to for to, _, _ in post.came} == {f"{role}@kommun.test"}
        assert len({id_ for _, id_, _ in post.came}) == 1
        assert len(post.came) == times

    asyncio.run(told())


def test_a_greylisted_mailbox_gets_its_message_and_the_other_is_not_held_up(tmp_path: Path) -> None:
    async def told() -> None:
        post = Post(greylists={"vakt@kommun.test"})
        async with begun(tmp_path, post, BEFORE) as run:
            await run.put(booking("vakt") | {"notify": WAYS})
            await run.told(1)
            end(run.hub)
            await run.begin(AFTER)
            await run.told(2)
        assert sorted(to for to, _, _ in post.came) == ["office@kommun.test", "vakt@kommun.test"]

    asyncio.run(told())
