"""The simulator's events: what happened at its doors, and pull points that give it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lxml import etree
from lxml.builder import ElementMaker

from hub.model import Passage, PassageOutcome, Refusal
from hub.sdk import SoapRefusalError

EVENTS, NOTIFICATION = "http://www.onvif.org/ver10/events/wsdl", "http://docs.oasis-open.org/wsn/b-2"
ADDRESSING, SCHEMA = "http://www.w3.org/2005/08/addressing", "http://www.onvif.org/ver10/schema"
TOPICS = "http://www.onvif.org/ver10/topics"
DIALECT = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
PATH = "/onvif/services/events"
LIFE = timedelta(minutes=10)
_TEV, _WSA = (ElementMaker(namespace=space) for space in (EVENTS, ADDRESSING))
_WSNT = ElementMaker(namespace=NOTIFICATION, nsmap={"wsnt": NOTIFICATION, "tns1": TOPICS})
_TT = ElementMaker(namespace=SCHEMA)
_WHY = {
    "CredentialNotActive": Refusal.TOO_EARLY,
    "CredentialNotEnabled": Refusal.DISABLED,
    "Unauthorized": Refusal.OTHER,
}


@dataclass
class Happened:
    """One event; `door` is None for what tells of no door."""

    at: datetime
    topic: str
    door: str | None = None
    token: str = ""
    reason: str = ""
    state: bool = False

    def passage(self) -> Passage | None:
        """What it is in canonical words; None: nothing that the hub is told."""
        if self.door is None or self.topic.split("/")[1] not in ("AccessGranted", "Denied"):
            return None
        granted, unknown = "AccessGranted" in self.topic, "CredentialNotFound" in self.topic
        why = None if granted else Refusal.UNKNOWN_CODE if unknown else _WHY[self.reason]
        return Passage(
            door=self.door,
            at=self.at,
            outcome=PassageOutcome.PASSED if granted else PassageOutcome.REFUSED,
            reason=why,
            key=self.token if self.token.startswith("hub-") else None,
        )


@dataclass
class Pointer:
    """Where a pull point is, and when it ends."""

    next: int
    ends: datetime


@dataclass
class EventService:
    """What happened, and who is told of it. `keeps`: a pull point can be sought back; `holds`: that many an answer."""

    now: Callable[[], datetime]
    doors: Mapping[str, str]
    """By access point."""
    keeps: bool = True
    holds: int = 5
    told: list[Happened] = field(default_factory=list)
    points: dict[str, Pointer] = field(default_factory=dict)
    made: int = 0
    asked: str = ""
    """The path of the question that is answered now."""

    def happen(self, count: int, janitor: str) -> None:
        """Come to the doors, some at one moment: ours, the janitor, one too early, and one whom nobody knows."""
        points = list(self.doors)
        for _ in range(count):
            n = len(self.told)
            door, at = self.doors[points[n % len(points)]], self.now() + timedelta(milliseconds=n // 2)
            topic, token, reason = (
                ("AccessControl/AccessGranted/Credential", f"hub-2480-B-{n % 3}", ""),
                ("AccessControl/Denied/Credential", "hub-2480-B-1", "CredentialNotActive"),
                ("AccessControl/AccessGranted/Credential", janitor, ""),
                ("AccessControl/Denied/CredentialNotFound", "", "Other"),
                ("AccessControl/AccessTaken/Credential", janitor, ""),
                ("AccessControl/Denied/Credential", janitor, "Unauthorized"),
                ("Door/State/DoorMode", "", ""),
            )[n % 7]
            self.told.append(Happened(at, topic, door, token, reason, state=topic.startswith("Door/")))

    def acts(self) -> Mapping[str, Callable[[etree._Element], etree._Element]]:
        """By operation."""
        return {
            "GetServiceCapabilities": self._capabilities,
            "CreatePullPointSubscription": self._create,
            "Seek": self._seek,
            "PullMessages": self._pull,
            "Renew": self._renew,
            "Unsubscribe": self._unsubscribe,
        }

    def _capabilities(self, _: etree._Element) -> etree._Element:
        kept = {"PersistentNotificationStorage": "true" if self.keeps else "false"}
        return _TEV.GetServiceCapabilitiesResponse(_TEV.Capabilities(kept))

    def _create(self, _: etree._Element) -> etree._Element:
        """It begins with what happens next, under an address as the device sees itself."""
        self.made += 1
        path = f"{PATH}/{self.made}"
        self.points[path] = Pointer(len(self.told), self.now() + LIFE)
        reference = _TEV.SubscriptionReference(_WSA.Address(f"http://192.168.0.90{path}"))
        return _TEV.CreatePullPointSubscriptionResponse(reference, *self._times(_WSNT, LIFE))

    def _seek(self, asked: etree._Element) -> etree._Element:
        point = self._point()
        if not self.keeps:
            raise SoapRefusalError("Client", "no storage")
        since = datetime.fromisoformat(asked.findtext("{*}UtcTime") or "")
        point.next = next((n for n, one in enumerate(self.told) if one.at >= since), len(self.told))
        return _TEV.SeekResponse()

    def _pull(self, asked: etree._Element) -> etree._Element:
        point = self._point()
        end = point.next + min(self.holds, int(asked.findtext("{*}MessageLimit") or "0"))
        messages = [self._message(one) for one in self.told[point.next : end]]
        point.next = min(end, len(self.told))
        return _TEV.PullMessagesResponse(*self._times(_TEV, point.ends - self.now()), *messages)

    def _renew(self, _: etree._Element) -> etree._Element:
        self._point().ends = self.now() + LIFE
        now, ends = self._times(_WSNT, LIFE)
        return _WSNT.RenewResponse(ends, now)

    def _unsubscribe(self, _: etree._Element) -> etree._Element:
        self._point()
        del self.points[self.asked]
        return _WSNT.UnsubscribeResponse()

    def _point(self) -> Pointer:
        point = self.points.get(self.asked)
        if point is None or point.ends <= self.now():
            self.points.pop(self.asked, None)
            raise SoapRefusalError("Client", "no such pull point")
        return point

    def _times(self, maker: ElementMaker, left: timedelta) -> tuple[etree._Element, etree._Element]:
        now = self.now().astimezone(UTC)
        return maker.CurrentTime(_written(now)), maker.TerminationTime(_written(now + left))

    def _message(self, one: Happened) -> etree._Element:
        points = {door: point for point, door in self.doors.items()}
        source = _TT.Source(_TT.SimpleItem(Name="AccessPointToken", Value=points.get(one.door or "", "")))
        data = {"CredentialToken": one.token, "CredentialHolderName": "Åke Åkesson", "Reason": one.reason}
        if not one.token:
            data = {"IdentifierType": "pt:PIN", "IdentifierValue": "39393939", "Reason": one.reason}
        told = _TT.Data(*(_TT.SimpleItem(Name=name, Value=value) for name, value in data.items() if value))
        kind = {"PropertyOperation": "Initialized"} if one.state else {}
        inside = _TT.Message(source, told, UtcTime=_written(one.at), **kind)
        topic = _WSNT.Topic(f"tns1:{one.topic}", Dialect=DIALECT)
        return _WSNT.NotificationMessage(topic, _WSNT.Message(inside))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
