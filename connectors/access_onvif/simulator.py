"""A controller with state: credentials, access profiles, and a clock by which it judges who logs in.

It is written from the same facts as the client, and shares no code with it; requests are held to the WSDL beside it.
"""

import hashlib
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from lxml import etree
from lxml.builder import ElementMaker
from pydantic import SecretStr

from connectors.access_onvif.simulated_events import EVENTS, EventService
from connectors.access_onvif.simulated_events import PATH as EVENTS_PATH
from hub.model import Credential, Message, Method, Window
from hub.sdk import Clock, Emits, HasDoors, HttpSimulator, Misbehaviour, SoapRefusalError, SoapService, parse_xml

USER, PASSWORD = "hub", "pass-for-onvif"
ZONE = ZoneInfo("Europe/Stockholm")
JANITOR = "1001"
"""A credential that nobody but the site itself may touch."""
WSDLS = Path(__file__).parent / "wsdl"
DEVICE, CREDENTIAL = "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/credential/wsdl"
ACCESS_RULES, SCHEMA = "http://www.onvif.org/ver10/accessrules/wsdl", "http://www.onvif.org/ver10/schema"
ERROR = "http://www.onvif.org/ver10/error"
DIGEST_LIVES = timedelta(seconds=60)
PATHS = {
    "/onvif/device_service": (DEVICE, "device.wsdl"),
    "/onvif/services/credential": (CREDENTIAL, "credential.wsdl"),
    "/onvif/services/accessrules": (ACCESS_RULES, "accessrules.wsdl"),
    EVENTS_PATH: (EVENTS, "events.wsdl"),
}
_TDS, _TCR, _TAR = (ElementMaker(namespace=space) for space in (DEVICE, CREDENTIAL, ACCESS_RULES))
_TT = ElementMaker(namespace=SCHEMA)


@dataclass
class Kept:
    """A credential, as its element came."""

    element: etree._Element
    enabled: bool = True
    reason: str = ""


@dataclass
class Able:
    """What kind of device it is."""

    client_tokens: bool = True
    profile_validity: bool = True
    credential_validity: bool = True
    times: bool = True
    max_credentials: int = 200
    profiles_per_door: int = 2
    page: int = 100
    keeps_events: bool = True
    formats: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {"pt:PIN": ("SIMPLE_NUMBER32", "SIMPLE_ALPHA_NUMERIC")}
    )


class OnvifSimulator(HttpSimulator, HasDoors, Emits):
    """A controller of two doors."""

    can = frozenset(
        {
            Misbehaviour.FULL,
            Misbehaviour.REFUSES,
            Misbehaviour.DOWN,
            Misbehaviour.DELETED_BY_HAND,
            Misbehaviour.DISABLED_BY_HAND,
        }
    )
    able = Able()

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        """Have access profiles for these doors, a janitor with a card for all of them, and nobody else."""
        super().__init__(clock, external_keys)
        self.doors = tuple(external_keys) or ("Sporthall A", "Entré & Öst")
        self.clock_off = timedelta()
        self.profiles = {
            f"ap-{number}-{nth}": door
            for number, door in enumerate(self.doors)
            for nth in range(self.able.profiles_per_door)
        }
        """Name by token."""
        self.kept = {JANITOR: Kept(self._janitor())}
        self.made = 0
        points = {_point(door): door for door in self.doors}
        self.events = EventService(self._now, points, keeps=self.able.keeps_events)
        self.down = self.full = self.refuses = False
        self._acts: Mapping[str, Callable[[etree._Element], etree._Element]] = {
            "GetSystemDateAndTime": self._time,
            "GetServices": self._services,
            "GetServiceCapabilities": self._capabilities,
            "GetSupportedFormatTypes": self._formats,
            "GetCredentials": self._credentials,
            "GetCredentialList": self._credential_list,
            "GetCredentialState": self._state,
            "CreateCredential": self._create,
            "SetCredential": self._set,
            "ModifyCredential": self._modify,
            "DisableCredential": self._disable,
            "EnableCredential": self._enable,
            "DeleteCredential": self._delete,
            "GetAccessProfileList": self._profile_list,
        }

    def config(self) -> Mapping[str, object]:
        able = self.able
        validity = ("times" if able.times else "dates") if able.profile_validity else "none"
        return {
            "base_url": "https://onvif.test/",
            "user": USER,
            "password": PASSWORD,
            "validity": validity,
            "pin_format": able.formats["pt:PIN"][0],
            "card_format": able.formats["pt:Card"][0] if "pt:Card" in able.formats else None,
            "profiles_per_door": able.profiles_per_door,
        }

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Be down, full or unwilling; or have an administrator delete or disable a credential."""
        match how:
            case Misbehaviour.DOWN:
                self.down = True
            case Misbehaviour.FULL:
                self.full = True
            case Misbehaviour.REFUSES:
                self.refuses = True
            case Misbehaviour.DELETED_BY_HAND:
                del self.kept[self.token_of(key)]
            case _:
                self.kept[self.token_of(key)].enabled = False

    def recover(self) -> None:
        self.down = self.full = self.refuses = False

    def token_of(self, key: str) -> str:
        """The token of the credential whose description is that key."""
        (token,) = (token for token, one in self.kept.items() if _text(one.element, "Description") == key)
        return token

    def credentials(self) -> Iterable[Credential]:
        """Tell what opens: every enabled credential, with each access profile while it holds."""
        for token, one in self.kept.items():
            if one.enabled and (opens := frozenset(self._windows(one.element))):
                described = _text(one.element, "Description")
                values = {_text(i, "Type", "Name"): _value(i) for i in _all(one.element, "CredentialIdentifier")}
                card = values.get("pt:Card")
                yield Credential(
                    key=described if described.startswith("hub-") else token,
                    method=Method.CARD if card else Method.PIN,
                    value=card or values["pt:PIN"],
                    second_value=values.get("pt:PIN") if card else None,
                    windows=opens,
                )

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("the controller is down", request=request)
        path = request.url.path
        its = EVENTS_PATH if path.startswith(f"{EVENTS_PATH}/") else path
        if its not in PATHS:
            return httpx.Response(404)
        service = SoapService(WSDLS / PATHS[its][1], elements=True)
        try:
            self._let_in(request)
        except SoapRefusalError as refusal:
            return service.refuse(refusal)
        self.events.asked = path
        return service.handle(request, self.events.acts() if its == EVENTS_PATH else self._acts)

    def happen(self, count: int) -> None:
        self.events.happen(count, JANITOR)

    def emitted(self) -> Sequence[Message]:
        return [told for one in self.events.told if (told := one.passage())]

    def _now(self) -> datetime:
        return self.clock.now() + self.clock_off

    def _let_in(self, request: httpx.Request) -> None:
        """Whoever asks for the time needs no login; all others prove who they are, by this clock."""
        try:
            envelope = parse_xml(request.content)
            if envelope.find(f".//{{{DEVICE}}}GetSystemDateAndTime") is not None:
                return
            told = {etree.QName(one).localname: one.text or "" for one in envelope.iterfind("./{*}Header//{*}*")}
            created = datetime.fromisoformat(told["Created"])
            nonce = b64decode(told["Nonce"], validate=True)
            proof = hashlib.sha1(nonce + told["Created"].encode() + PASSWORD.encode(), usedforsecurity=False).digest()
            proven = told["Username"] == USER and b64decode(told["Password"], validate=True) == proof
        except (ValueError, SyntaxError, KeyError):
            proven, created = False, self._now()
        if not proven or abs(created - self._now()) > DIGEST_LIVES:
            raise _fault("NotAuthorized")

    def _time(self, _: etree._Element) -> etree._Element:
        now = self._now().astimezone(UTC)
        at = _TT.Time(_TT.Hour(str(now.hour)), _TT.Minute(str(now.minute)), _TT.Second(str(now.second)))
        day = _TT.Date(_TT.Year(str(now.year)), _TT.Month(str(now.month)), _TT.Day(str(now.day)))
        told = (_TT.DateTimeType("NTP"), _TT.DaylightSavings("true"), _TT.UTCDateTime(at, day))
        return _TDS.GetSystemDateAndTimeResponse(_TDS.SystemDateAndTime(*told))

    def _services(self, _: etree._Element) -> etree._Element:
        """With addresses as it sees itself, behind whatever stands before it."""

        def service(path: str, space: str) -> etree._Element:
            version = _TDS.Version(_TT.Major("21"), _TT.Minor("6"))
            return _TDS.Service(_TDS.Namespace(space), _TDS.XAddr(f"http://192.168.0.90{path}"), version)

        return _TDS.GetServicesResponse(*(service(path, space) for path, (space, _) in PATHS.items()))

    def _capabilities(self, _: etree._Element) -> etree._Element:
        able = self.able
        told = {
            "MaxLimit": str(able.page),
            "CredentialValiditySupported": _said(able.credential_validity),
            "CredentialAccessProfileValiditySupported": _said(able.profile_validity),
            "ValiditySupportsTimeValue": _said(able.times),
            "MaxCredentials": str(able.max_credentials),
            "MaxAccessProfilesPerCredential": str(4 * len(self.doors)),
            "ResetAntipassbackSupported": "false",
            "ClientSuppliedTokenSupported": _said(able.client_tokens),
        }
        kinds = (_TCR.SupportedIdentifierType(kind) for kind in able.formats)
        return _TCR.GetServiceCapabilitiesResponse(_TCR.Capabilities(*kinds, told))

    def _formats(self, asked: etree._Element) -> etree._Element:
        known = self.able.formats.get(_text(asked, "CredentialIdentifierTypeName"), ())
        if not known:
            raise _fault("InvalidArgVal", "NotFound")
        told = (_TCR.FormatTypeInfo(_TCR.FormatType(one), _TCR.Description("")) for one in known)
        return _TCR.GetSupportedFormatTypesResponse(*told)

    def _profile_list(self, asked: etree._Element) -> etree._Element:
        def profile(token: str, door: str) -> etree._Element:
            policy = _TAR.AccessPolicy(_TAR.ScheduleToken("always"), _TAR.Entity(_point(door)))
            return _TAR.AccessProfile(_TAR.Name(door), policy, token=token)

        empty = _TAR.AccessProfile(_TAR.Name("Förråd, avstängt"), token="ap-empty")
        everything = [*(profile(*one) for one in self.profiles.items()), empty]
        return _TAR.GetAccessProfileListResponse(*self._page(_TAR, asked, everything))

    def _credential_list(self, asked: etree._Element) -> etree._Element:
        everything = [_copy(one.element) for one in self.kept.values()]
        return _TCR.GetCredentialListResponse(*self._page(_TCR, asked, everything))

    def _page(
        self, maker: ElementMaker, asked: etree._Element, everything: Sequence[etree._Element]
    ) -> Iterator[etree._Element]:
        begin = int(_text(asked, "StartReference") or 0)
        end = begin + self.able.page
        if end < len(everything):
            yield maker.NextStartReference(str(end))
        yield from everything[begin:end]

    def _credentials(self, asked: etree._Element) -> etree._Element:
        """What is not there is left out."""
        tokens = [one.text for one in _all(asked, "Token")]
        found = (_copy(self.kept[token].element) for token in tokens if token in self.kept)
        return _TCR.GetCredentialsResponse(*found)

    def _state(self, asked: etree._Element) -> etree._Element:
        there = self._there(asked)
        told = (_TCR.Enabled(_said(there.enabled)), _TCR.Reason(there.reason))
        return _TCR.GetCredentialStateResponse(_TCR.State(*told))

    def _there(self, asked: etree._Element) -> Kept:
        if (one := self.kept.get(_text(asked, "Token"))) is None:
            raise _fault("InvalidArgVal", "NotFound")
        return one

    def _create(self, asked: etree._Element) -> etree._Element:
        made = _one(asked, "Credential")
        if made.get("token"):
            raise _fault("InvalidArgVal")
        self._take(f"tok-{self.made}", made, enabled=_text(asked, "State", "Enabled") == "true")
        self.made += 1
        return _TCR.CreateCredentialResponse(_TCR.Token(f"tok-{self.made - 1}"))

    def _set(self, asked: etree._Element) -> etree._Element:
        if not self.able.client_tokens:
            raise _fault("CapabilityViolated", "ClientSuppliedTokenSupported", code="Server")
        made = _one(asked, "CredentialData", "Credential")
        on = _text(asked, "CredentialData", "CredentialState", "Enabled") == "true"
        self._take(made.get("token", ""), made, enabled=on)
        return _TCR.SetCredentialResponse()

    def _modify(self, asked: etree._Element) -> etree._Element:
        made = _one(asked, "Credential")
        if (before := self.kept.get(made.get("token", ""))) is None:
            raise _fault("InvalidArgVal", "NotFound")
        self._take(made.get("token", ""), made, enabled=before.enabled, reason=before.reason)
        return _TCR.ModifyCredentialResponse()

    def _disable(self, asked: etree._Element) -> etree._Element:
        there = self._there(asked)
        there.enabled, there.reason = False, _text(asked, "Reason")
        return _TCR.DisableCredentialResponse()

    def _enable(self, asked: etree._Element) -> etree._Element:
        there = self._there(asked)
        there.enabled, there.reason = True, ""
        return _TCR.EnableCredentialResponse()

    def _delete(self, asked: etree._Element) -> etree._Element:
        self._there(asked)
        del self.kept[_text(asked, "Token")]
        return _TCR.DeleteCredentialResponse()

    def _take(self, token: str, made: etree._Element, *, enabled: bool, reason: str = "") -> None:
        """Keep it, if it is one that this device can keep."""
        if self.refuses:
            raise _fault("InvalidArgVal", "InvalidIdentifierValue")
        if token not in self.kept and (self.full or len(self.kept) >= self.able.max_credentials):
            raise _fault("CapabilityViolated", "MaxCredentials", code="Server")
        self._hold_identifiers(token, made)
        uses = _all(made, "CredentialAccessProfile")
        if len(uses) > 4 * len(self.doors):
            raise _fault("CapabilityViolated", "MaxAccessProfilesPerCredential")
        used = [_text(one, "AccessProfileToken") for one in uses]
        if not set(used) <= self.profiles.keys() or len(set(used)) < len(used):
            raise _fault("InvalidArgVal", "ReferenceNotFound")
        if not self.able.profile_validity and any(_all(one, "ValidFrom") or _all(one, "ValidTo") for one in uses):
            raise _fault("CapabilityViolated", "CredentialAccessProfileValiditySupported")
        if not self.able.credential_validity and _all(made, "ValidFrom"):
            raise _fault("CapabilityViolated", "CredentialValiditySupported")
        kept = _copy(made)
        kept.set("token", token)
        self.kept[token] = Kept(kept, enabled, reason)

    def _hold_identifiers(self, token: str, made: etree._Element) -> None:
        """One of each type, in a format that it has, and nobody else's."""
        mine = [_identity(one) for one in _all(made, "CredentialIdentifier")]
        if len({kind for kind, *_ in mine}) < len(mine):
            raise _fault("InvalidArgVal", "DuplicatedIdentifierType")
        for kind, form, _ in mine:
            if kind not in self.able.formats:
                raise _fault("CapabilityViolated", "SupportedIdentifierType")
            if form not in self.able.formats[kind]:
                raise _fault("InvalidArgVal", "InvalidFormatType")
        for other, one in self.kept.items():
            if other != token and {*mine} & {_identity(i) for i in _all(one.element, "CredentialIdentifier")}:
                raise _fault("InvalidArgVal", "DuplicatedIdentifierValue")

    def _windows(self, element: etree._Element) -> Iterator[Window]:
        for use in _all(element, "CredentialAccessProfile"):
            starts_at = max(self._from(use), self._from(element))
            ends_at = min(self._until(use), self._until(element))
            if starts_at < ends_at:
                door = self.profiles[_text(use, "AccessProfileToken")]
                yield Window(door=door, starts_at=starts_at, ends_at=ends_at)

    def _from(self, element: etree._Element) -> datetime:
        if not (told := _text(element, "ValidFrom")):
            return Window.always("").starts_at
        at = datetime.fromisoformat(told)
        return at if self.able.times else _midnight(at, days=0)

    def _until(self, element: etree._Element) -> datetime:
        if not (told := _text(element, "ValidTo")):
            return Window.always("").ends_at
        at = datetime.fromisoformat(told)
        return at if self.able.times else _midnight(at, days=1)

    def _janitor(self) -> etree._Element:
        kind = _TCR.Type(_TCR.Name("pt:Card"), _TCR.FormatType("WIEGAND26"))
        identifier = (kind, _TCR.ExemptedFromAuthentication("false"), _TCR.Value("00A1B2C3"))
        uses = (_TCR.CredentialAccessProfile(_TCR.AccessProfileToken(token)) for token in self.profiles)
        return _TCR.Credential(
            _TCR.Description("Vaktmästare"),
            _TCR.CredentialHolderReference("1001"),
            _TCR.CredentialIdentifier(*identifier),
            *uses,
            token=JANITOR,
        )


def _point(door: str) -> str:
    """The token of the access point at a door."""
    return f"point-{door}"[:64]


def _fault(*subcodes: str, code: str = "Client") -> SoapRefusalError:
    return SoapRefusalError(code, subcodes[-1], subcodes=[f"{{{ERROR}}}{one}" for one in subcodes])


def _said(yes: bool) -> str:  # noqa: FBT001 - a value, not a switch
    return "true" if yes else "false"


def _one(element: etree._Element, *path: str) -> etree._Element:
    (found,) = element.iterfind("/".join(f"{{*}}{name}" for name in path))
    return found


def _all(element: etree._Element, name: str) -> list[etree._Element]:
    return element.findall(f"{{*}}{name}")


def _text(element: etree._Element, *path: str) -> str:
    return element.findtext("/".join(f"{{*}}{name}" for name in path)) or ""


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def _identity(identifier: etree._Element) -> tuple[str, str, str]:
    return _text(identifier, "Type", "Name"), _text(identifier, "Type", "FormatType"), _text(identifier, "Value")


def _value(identifier: etree._Element) -> SecretStr:
    """What is typed, or what the card holds."""
    _, form, value = _identity(identifier)
    octets = bytes.fromhex(value)
    return SecretStr(octets.decode() if form == "SIMPLE_ALPHA_NUMERIC" else str(int.from_bytes(octets, "big")))


def _midnight(at: datetime, *, days: int) -> datetime:
    return datetime.combine(at.astimezone(ZONE).date() + timedelta(days=days), time(), ZONE).astimezone(UTC)
