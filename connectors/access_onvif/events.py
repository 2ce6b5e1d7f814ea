"""The events of a device, in its own words: a pull point is made, sought back, read and given up.

Source: ONVIF Core Specification 26.06, 9 (event.wsdl, github.com/onvif/specs, 2026-07-23); OASIS WS-BaseNotification
1.3; Access Control Service 21.06, 6 (topics and reasons); read 2026-11-27.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lxml import etree

from connectors.access_onvif.client import EVENTS, Onvif, Place
from hub.sdk import child_of, children_of, text_of

LIVES = "PT10M"
"""How long a pull point stays that nobody asks: an outage of the hub is bridged so far where nothing is kept."""
_WAITS = "PT1S"
"""What a device may wait for an event where there is none."""
_AT_MOST = 100
KEPT = ("AccessPointToken", "CredentialToken", "Reason")
"""What is read of an event; values of PINs and cards, and names of holders, are left where they are."""


@dataclass(frozen=True)
class Event:
    """One of a device's events. `topic` is without the prefixes of its parts; `at` is as the device wrote it."""

    topic: str
    at: str
    is_state: bool
    """Tells how something is, and not that anything happened."""
    items: Mapping[str, str] = field(default_factory=dict)

    @property
    def time(self) -> datetime | None:
        """When it was; None: nobody can read that. A time without a zone is UTC."""
        try:
            told = datetime.fromisoformat(self.at)
        except ValueError:
            return None
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


@dataclass(frozen=True)
class Pulled:
    """Some events, the oldest first, and the device's time."""

    events: Sequence[Event]
    now: datetime


class PullPoints:
    """The calls. Each may be made again: a pull point that nobody knows of ends by itself."""

    def __init__(self, onvif: Onvif) -> None:
        self._onvif = onvif

    async def are_kept(self) -> bool:
        """Whether the device keeps its events, and gives them again when it is asked."""
        return await self._onvif.ask(EVENTS, "GetServiceCapabilities", _are_kept, safe=True)

    async def make(self) -> Place:
        """Have one made that begins with what happens next."""
        return await self._onvif.ask(
            EVENTS, "CreatePullPointSubscription", _place, safe=True, InitialTerminationTime=LIVES
        )

    async def seek(self, place: Place, at: datetime) -> None:
        """Have it give what happened from a moment on."""
        await self._onvif.ask(EVENTS, "Seek", _named("Seek"), safe=True, at=place, UtcTime=at)

    async def pull(self, place: Place) -> Pulled:
        """Give what comes next; nothing: there is no more now. What was given is not given again."""
        return await self._onvif.ask(
            EVENTS, "PullMessages", _pulled, safe=True, at=place, Timeout=_WAITS, MessageLimit=_AT_MOST
        )

    async def renew(self, place: Place) -> None:
        """Have it stay as long again."""
        await self._onvif.ask(EVENTS, "Renew", _named("Renew"), safe=True, at=place, TerminationTime=LIVES)

    async def give_up(self, place: Place) -> None:
        """Have it end."""
        await self._onvif.ask(EVENTS, "Unsubscribe", _named("Unsubscribe"), safe=True, at=place)


def _named(operation: str) -> Callable[[etree._Element], None]:
    """Reads nothing but that it is the answer."""

    def read(told: etree._Element) -> None:
        if etree.QName(told).localname != f"{operation}Response":
            raise ValueError("the answer to another question")

    return read


def _are_kept(told: etree._Element) -> bool:
    _named("GetServiceCapabilities")(told)
    found = child_of(told, "Capabilities")
    return found is not None and found.get("PersistentNotificationStorage", "").strip() in ("true", "1")


def _place(told: etree._Element) -> Place:
    _named("CreatePullPointSubscription")(told)
    address = text_of(told, "SubscriptionReference", "Address")
    parts = urlsplit(address)
    if not (path := parts.path.lstrip("/")):
        raise ValueError("a pull point without an address")
    told_with = child_of(told, "SubscriptionReference", "ReferenceParameters")
    parameters = () if told_with is None else tuple(deepcopy(one) for one in told_with)
    return Place(f"{path}?{parts.query}" if parts.query else path, address, parameters)


def _pulled(told: etree._Element) -> Pulled:
    _named("PullMessages")(told)
    now = datetime.fromisoformat(text_of(told, "CurrentTime"))
    events = [_event(one) for one in children_of(told, "NotificationMessage")]
    return Pulled(events, (now if now.tzinfo else now.replace(tzinfo=UTC)).astimezone(UTC))


def _event(element: etree._Element) -> Event:
    topic = "/".join(part.rpartition(":")[2] for part in text_of(element, "Topic").split("/"))
    message = child_of(element, "Message", "Message")
    if message is None:
        return Event(topic, "", is_state=True)
    items = {one.get("Name", ""): one.get("Value", "") for one in message.iter("{*}SimpleItem")}
    return Event(
        topic,
        message.get("UtcTime", ""),
        is_state=message.get("PropertyOperation", "") == "Initialized",
        items={name: items[name] for name in KEPT if name in items},
    )
