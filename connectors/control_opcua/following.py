"""A subscription to what the zones tell, made again whenever it was lost: so a hand at the switch is heard of at once.

It is what keeps the session alive too, and notices when nobody answers any more.
Source: OPC 10000-4 v1.05, 5.13 and 5.14, by way of asyncua 2.1.0, its source, read 2026-11-27.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from asyncua import ua

from connectors.control_opcua.client import Server, status_of, told_by
from connectors.control_opcua.values import VALUE, Told
from hub.sdk import Backoff, ConnectorError, CredentialsError, RejectedError, TransientError, ended

PUBLISHING_MILLISECONDS = 500.0
QUIET_COUNT = 20
"""So many times nothing to tell, and the server says that it is still there: every ten seconds."""
LIFE_COUNT = 120
"""So many times nobody who asks, and the server forgets the subscription."""
QUEUE = 10
"""Changes of one zone that are told together: a hand right after us, and right before, is one."""
LONGEST_SILENCE = 60.0
"""Seconds of a server's silence that are borne, whatever it has made of those counts."""


class Following:
    """What every zone tells, until it ends."""

    def __init__(
        self,
        server: Server,
        nodes: Mapping[str, str],
        heard: Callable[[str, Told], None],
        back: Callable[[], None],
        log: logging.Logger,
    ) -> None:
        """Keep what it is given; `back` is called when what was told meanwhile was not heard."""
        self._server, self._nodes, self._heard, self._back, self._log = server, nodes, heard, back, log
        self.patience = Backoff()
        self._going: asyncio.Task[None] | None = None
        self._due = asyncio.Event()
        self._number: int | None = None
        self._session = 0
        self._silence = LONGEST_SILENCE
        self._losses = 0
        self._refused: set[str] = set()
        server.up = self._due.set

    def begin(self) -> None:
        """Subscribe, and do so again from then on."""
        self._going = asyncio.get_running_loop().create_task(self._go_on())

    async def end(self) -> None:
        """Hear no more."""
        if self._going:
            await ended(self._going)

    async def _go_on(self) -> None:
        while True:
            try:
                await self._follow()
            except (CredentialsError, RejectedError) as error:
                self._tell_once(error)
                await self._server_is_back()  # what a person must change changes by no trying; users get locked out
            except ConnectorError as error:
                self._tell_once(error)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.patience.delay(self._losses)):
                        await self._server_is_back()

    async def _server_is_back(self) -> None:
        self._due.clear()
        await self._due.wait()

    def _tell_once(self, error: ConnectorError) -> None:
        self._losses += 1
        if self._losses == 1:
            self._log.warning("no word of changes, which a look will show: %s", error)

    async def _follow(self) -> None:
        await self._server.know_namespaces(self._nodes.values())
        if self._number is not None and self._session == self._server.sessions:
            await self._forget(self._number)
        self._number = await self._subscribe()
        self._session = self._server.sessions
        await self._watch(self._number)
        if self._losses:
            self._losses = 0
            self._back()
        unheard: list[ua.SubscriptionAcknowledgement] = []
        while True:
            unheard = await self._hear(unheard)

    async def _forget(self, number: int) -> None:
        request = ua.DeleteSubscriptionsRequest()
        request.Parameters.SubscriptionIds = [ua.IntegerId(number)]
        await self._server.ask(request, ua.DeleteSubscriptionsResponse, "subscribing")

    async def _subscribe(self) -> int:
        request = ua.CreateSubscriptionRequest()
        wished = request.Parameters
        wished.RequestedPublishingInterval = ua.Duration(PUBLISHING_MILLISECONDS)
        wished.RequestedMaxKeepAliveCount, wished.RequestedLifetimeCount = (
            ua.Counter(QUIET_COUNT),
            ua.Counter(LIFE_COUNT),
        )
        wished.PublishingEnabled = True
        answer = await self._server.ask(request, ua.CreateSubscriptionResponse, "subscribing")
        given = answer.Parameters
        quiet = given.RevisedPublishingInterval / 1000 * given.RevisedMaxKeepAliveCount
        silence = 2 * quiet + self._server.seconds
        self._silence = silence if self._server.seconds <= silence <= LONGEST_SILENCE else LONGEST_SILENCE
        return int(given.SubscriptionId)

    async def _watch(self, number: int) -> None:
        """Have every zone told of; one that the server does not tell of is named once, and a look will show it."""
        request = ua.CreateMonitoredItemsRequest()
        request.Parameters.SubscriptionId = ua.IntegerId(number)
        asked: list[str] = []
        for handle, (key, node) in enumerate(self._nodes.items()):
            try:
                request.Parameters.ItemsToCreate.append(_watched(self._server.id_of(node), handle))
            except RejectedError as error:
                self._name_once(key, str(error))
            else:
                asked.append(key)
        answer = await self._server.ask(request, ua.CreateMonitoredItemsResponse, "subscribing")
        for key, result in zip(asked, answer.Results or (), strict=False):
            if result.StatusCode.is_bad():
                self._name_once(key, f"the server says {status_of(result.StatusCode.value)}")

    def _name_once(self, key: str, why: str) -> None:
        if key not in self._refused:
            self._refused.add(key)
            self._log.warning("zone %s: no word of changes, which a look will show: %s", key, why)

    async def _hear(self, unheard: list[ua.SubscriptionAcknowledgement]) -> list[ua.SubscriptionAcknowledgement]:
        """Wait for what is told next; gives what has to be acknowledged with the next question."""
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements = unheard
        answer = await self._server.ask(request, ua.PublishResponse, "subscribing", seconds=self._silence)
        message, number = answer.Parameters.NotificationMessage, answer.Parameters.SubscriptionId
        for one in message.NotificationData or ():
            self._take(one)
        if number != self._number or not message.NotificationData:
            return []
        return [ua.SubscriptionAcknowledgement(SubscriptionId=number, SequenceNumber=message.SequenceNumber)]

    def _take(self, told: object) -> None:
        if isinstance(told, ua.StatusChangeNotification):
            raise TransientError(
                f"{self._server}: the server has ended the subscription ({status_of(told.Status.value)})"
            )
        if isinstance(told, ua.DataChangeNotification):
            keys = list(self._nodes)
            for item in told.MonitoredItems or ():
                if item.ClientHandle < len(keys):
                    self._heard(keys[item.ClientHandle], told_by(item.Value))


def _watched(node: ua.NodeId, handle: int) -> ua.MonitoredItemCreateRequest:
    """Each change of its value, under that number."""
    wished = ua.MonitoringParameters(
        ClientHandle=ua.IntegerId(handle), SamplingInterval=ua.Duration(0), QueueSize=ua.Counter(QUEUE)
    )
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=ua.IntegerId(VALUE)),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=wished,
    )
