"""Carries an event to its subscriber, and after it those of the same subject that have waited for it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.clock import Clock, now_of
from hub.delivery.posts.posting import Parcel, settle
from hub.delivery.posts.sending import Sender, Sent
from hub.delivery.reach.gate import Gate
from hub.model.events import enveloped
from hub.service.rulebook import Rulebook
from hub.service.subscribers.signing import in_force, opened, signed
from hub.store.engine.database import Connection
from hub.store.engine.writer import Writer
from hub.store.seals.sealing import Seal

_CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
"""Source: CloudEvents HTTP protocol binding 1.0.2, section 3.2, structured mode; read 2026-11-21."""
_REST_SECONDS = 5
"""How long a subject rests, in real time, whose event could not be marked: the hub has a fault."""


@dataclass
class Endpoint:
    """What this process knows of a subscription's endpoint; its gate is new when the subscription begins anew."""

    since: int
    gate: Gate = field(default_factory=Gate)
    going: set[str] = field(default_factory=set)
    """Subjects of which an event is in hand."""

    def of(self, since: int) -> "Endpoint":
        """The same endpoint; when the subscription has begun anew, with its gate open."""
        if since != self.since:
            self.since, self.gate = since, Gate()
        return self


class Courier:
    """Signs, sends and settles."""

    def __init__(self, writer: Writer, seal: Seal, rulebook: Rulebook, clock: Clock, sender: Sender) -> None:
        self._writer, self._seal, self._rulebook, self._clock, self.sender = writer, seal, rulebook, clock, sender
        self.stopping = False
        """What is in hand is finished, and nothing follows it."""
        self.may_send: Callable[[], bool] = lambda: True
        """Whether this process is still the one that sends."""
        self.posted: Callable[[str, str], None] = lambda _town, _outcome: None
        """Told of each event that was sent: whose, and what came of it."""

    def _may_go_on(self) -> bool:
        return not self.stopping and self.may_send()

    def now(self) -> int:
        """The domain's time, microseconds."""
        return now_of(self._clock)

    async def carry(self, first: Parcel, endpoint: Endpoint, *, probing: bool) -> None:
        """Carry the event, and what follows it; `probing`: through a gate that is shut."""
        parcel: Parcel | None = first
        rest = _REST_SECONDS
        try:
            while parcel is not None and (parcel is first or self._may_go_on()):
                sent = await self._send(parcel)
                self.posted(parcel.to.municipality, "delivered" if sent.delivered else "failed")
                shut = self._judge(parcel, sent, endpoint.gate, probing=probing and parcel is first)
                parcel = await self._writer.call(self._settle, parcel, sent, shut)
            rest = 0
        finally:
            endpoint.gate.left(first.posting.id)
            _later(rest, endpoint.going.discard, first.posting.event.subject)

    async def _send(self, parcel: Parcel) -> Sent:
        one, event = parcel.to, parcel.posting.event
        town = self._rulebook.town(one.municipality)
        secrets = opened(self._seal, one.municipality, one.name, one.secrets)
        body = enveloped(one.municipality, *event).model_dump_json().encode()
        # the machine's time: a subscriber holds it against its own clock, wherever the domain's stands
        headers = signed(in_force(secrets, now=self.now()), str(event.id), body, at=int(time.time()))
        allowed = town.configuration.municipality.webhooks.allow
        return await self.sender.send(one.url, allowed, {"Content-Type": _CONTENT_TYPE, **headers}, body)

    def _judge(self, parcel: Parcel, sent: Sent, gate: Gate, *, probing: bool) -> bool:
        """Tell the gate; gives whether it is shut. Those in hand when it shut are one failure together."""
        if not sent.unavailable:
            gate.succeeded()
        elif probing or gate.is_open:
            gate.failed(parcel.posting.id, self.now())
        return not gate.is_open

    def _settle(self, connection: Connection, parcel: Parcel, sent: Sent, shut: bool) -> Parcel | None:  # noqa: FBT001 - the writer calls by place
        return settle(connection, parcel.posting, sent, shut=shut, now=self.now())


def _later(seconds: float, function: Callable[[str], None], value: str) -> None:
    """Call at once, or after a while."""
    if seconds:
        asyncio.get_running_loop().call_later(seconds, function, value)
    else:
        function(value)
