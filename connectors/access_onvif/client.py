"""The wire of an ONVIF device, in its own words: services, credentials, access profiles, over SOAP 1.2.

Source: ONVIF Credential Service 21.06, Access Rules Service 18.12, Device Management 26.06 (WSDL and specification,
github.com/onvif/specs, 2026-07-23); WS-Security UsernameToken Profile 1.0; read 2026-11-21.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from lxml import etree

from connectors.access_onvif.config import Login, OnvifConfig
from connectors.access_onvif.faults import refusal_of
from connectors.access_onvif.login import security
from hub.sdk import (
    ConnectorError,
    CredentialsError,
    Lent,
    RejectedError,
    Soap,
    TransientError,
    child_of,
    children_of,
    text_of,
)

T = TypeVar("T")
WSDLS = Path(__file__).parent / "wsdl"
CREDENTIAL = "http://www.onvif.org/ver10/credential/wsdl"
ACCESS_RULES = "http://www.onvif.org/ver10/accessrules/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
WSDL_OF = {
    CREDENTIAL: WSDLS / "credential.wsdl",
    ACCESS_RULES: WSDLS / "accessrules.wsdl",
    EVENTS: WSDLS / "events.wsdl",
}
NEEDED = (CREDENTIAL, ACCESS_RULES)
ADDRESSING = "http://www.w3.org/2005/08/addressing"
MOST_PAGES = 1000
CLOCK_MOVED = timedelta(seconds=5)
"""So much another than it was measured, the device's clock has been set since."""


@dataclass(frozen=True)
class Capabilities:
    """What the credential service says of itself."""

    profile_validity: bool
    """Keeps when an access profile holds for a credential."""
    credential_validity: bool
    times: bool
    """ValiditySupportsTimeValue: else the time of day is ignored, and the last day is included whole."""
    client_tokens: bool
    max_credentials: int
    max_profiles: int
    """Access profiles of one credential."""
    identifier_types: frozenset[str]


@dataclass(frozen=True)
class AccessProfile:
    """What an administrator has made: access points and schedules under one token."""

    token: str
    name: str
    points: tuple[str, ...]
    """The tokens of the access points that it opens."""

    @property
    def opens_something(self) -> bool:
        return bool(self.points)


@dataclass(frozen=True)
class Identifier:
    """A PIN or a card."""

    type: str
    format: str
    value: str = field(repr=False)
    """Hexadecimal."""


@dataclass(frozen=True)
class ProfileUse:
    """That an access profile holds for a credential, and when; as the device writes it."""

    token: str
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True)
class TokenHolder:
    """A credential of the device."""

    token: str
    description: str
    holder: str
    """CredentialHolderReference."""
    identifiers: tuple[Identifier, ...]
    profiles: tuple[ProfileUse, ...]
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True)
class State:
    """Whether a credential opens, and why not, in the words of whoever disabled it."""

    enabled: bool
    reason: str = ""


@dataclass(frozen=True)
class Place:
    """Where something that a service has made is asked for: its path below our address, and what it is to be told."""

    path: str
    address: str
    parameters: tuple[etree._Element, ...] = ()

    def headers(self) -> Sequence[etree._Element]:
        """What says in a message for whom it is."""
        to = etree.Element(f"{{{ADDRESSING}}}To", nsmap={"wsa": ADDRESSING})
        to.text = self.address
        return (to, *(deepcopy(one) for one in self.parameters))


class Onvif:
    """The calls of one device. Where its services are, and how far its clock is off, is asked for first."""

    def __init__(self, config: OnvifConfig, lent: Lent) -> None:
        self._config, self._now = config, lent.clock.now
        password = config.password.get_secret_value()
        digest = httpx.DigestAuth(config.user, password) if config.login is Login.DIGEST else None
        self._http = lent.http(config.base_url, auth=digest)
        self._device = Soap(self._http, WSDLS / "device.wsdl", config.device_path, refusal=refusal_of)
        self._services: dict[str, Soap] = {}
        self.clock_offset: timedelta | None = None
        """The device's clock less ours, when it was asked last; None: it does not tell."""

    async def connect(self) -> None:
        """Measure the clock, and find the services: their paths below our address, whatever host the device names."""
        self.clock_offset = await self._measured()
        paths = await self._device.ask("GetServices", _paths, safe=True, headers=self._login(), IncludeCapability=False)
        if missing := [name for name in NEEDED if name not in paths]:
            told = ", ".join(name.split("/")[-2] for name in missing)
            raise RejectedError(f"the device has no service {told}; it must have ONVIF Profile A")
        self._services = {
            name: Soap(self._http, wsdl, paths[name], refusal=refusal_of)
            for name, wsdl in WSDL_OF.items()
            if name in paths
        }

    async def capabilities(self) -> Capabilities:
        return await self.ask(CREDENTIAL, "GetServiceCapabilities", _capabilities, safe=True)

    async def format_types(self, identifier_type: str) -> frozenset[str]:
        """The formats that identifiers of a type may have: `pt:PIN`, `pt:Card`."""
        return await self.ask(
            CREDENTIAL, "GetSupportedFormatTypes", _formats, safe=True, CredentialIdentifierTypeName=identifier_type
        )

    async def access_profiles(self) -> list[AccessProfile]:
        return await self._pages(ACCESS_RULES, "GetAccessProfileList", "AccessProfile", _profile)

    async def credentials(self) -> list[TokenHolder]:
        """All of the device, everybody's."""
        return await self._pages(CREDENTIAL, "GetCredentialList", "Credential", _credential)

    async def credential(self, token: str) -> TokenHolder | None:
        """The one with a token."""
        told = await self.ask(CREDENTIAL, "GetCredentials", _credentials, safe=True, Token=[token])
        return next((one for one in told if one.token == token), None)

    async def state(self, token: str) -> State:
        """Raises GoneError when it is not there."""
        return await self.ask(CREDENTIAL, "GetCredentialState", _state, safe=True, Token=token)

    async def create_credential(self, credential: Mapping[str, object]) -> str:
        """Have one made, enabled; gives the token that the device makes up."""
        state = {"Enabled": True}
        return await self.ask(CREDENTIAL, "CreateCredential", _token, Credential=credential, State=state)

    async def set_credential(self, credential: Mapping[str, object]) -> None:
        """Have one under a token of ours, enabled, whatever was there."""
        data = {"Credential": credential, "CredentialState": {"Enabled": True}}
        await self.ask(CREDENTIAL, "SetCredential", _nothing("SetCredential"), CredentialData=data)

    async def modify_credential(self, credential: Mapping[str, object]) -> None:
        """Write all of one anew, but not whether it is enabled. Raises GoneError when it is not there."""
        await self.ask(CREDENTIAL, "ModifyCredential", _nothing("ModifyCredential"), Credential=credential)

    async def disable_credential(self, token: str, reason: str) -> None:
        """Raises GoneError when it is not there."""
        await self.ask(CREDENTIAL, "DisableCredential", _nothing("DisableCredential"), Token=token, Reason=reason)

    async def enable_credential(self, token: str) -> None:
        """Raises GoneError when it is not there."""
        await self.ask(CREDENTIAL, "EnableCredential", _nothing("EnableCredential"), Token=token)

    async def delete_credential(self, token: str) -> None:
        """Raises GoneError when it is not there."""
        await self.ask(CREDENTIAL, "DeleteCredential", _nothing("DeleteCredential"), Token=token)

    async def _pages(self, service: str, operation: str, name: str, one: Callable[[etree._Element], T]) -> list[T]:
        """Everything, page by page, each as long as the device likes."""

        def read(told: etree._Element) -> tuple[str, list[T]]:
            _answers(told, operation)
            return text_of(told, "NextStartReference"), [one(child) for child in children_of(told, name)]

        found: list[T] = []
        start: str | None = None
        for _ in range(MOST_PAGES):
            start, page = await self.ask(service, operation, read, safe=True, StartReference=start)
            found += page
            if not start:
                return found
        raise TransientError(f"{operation}: no end after {MOST_PAGES} pages")

    @property
    def tells_events(self) -> bool:
        """Whether it was found to have a service for them."""
        return EVENTS in self._services

    async def ask(
        self,
        service: str,
        operation: str,
        read: Callable[[etree._Element], T],
        *,
        safe: bool = False,
        at: Place | None = None,
        **values: object,
    ) -> T:
        """Ask a service, or something that it has made."""
        if not self._services:
            await self.connect()
        if service not in self._services:
            raise RejectedError(f"the device has no service {service.split('/')[-2]}; do not ask it for events")
        soap = Soap(self._http, WSDL_OF[service], at.path, refusal=refusal_of) if at else self._services[service]
        headers = [*self._login(), *(at.headers() if at else ())]
        try:
            return await soap.ask(operation, read, safe=safe, headers=headers, **values)
        except CredentialsError:
            if await self._clock_moved():
                raise TransientError("the device's clock has been set: what proves who we are is made anew") from None
            raise

    async def _clock_moved(self) -> bool:
        """Whether it is so far from where it was that our digests are out of time."""
        before = self.clock_offset or timedelta()
        try:
            self.clock_offset = await self._measured()
        except ConnectorError:
            return False
        return abs((self.clock_offset or timedelta()) - before) > CLOCK_MOVED

    async def _measured(self) -> timedelta | None:
        """Asked for without login: nobody can be logged in with a clock that is not known."""
        there = await self._device.ask("GetSystemDateAndTime", _time, safe=True)
        return None if there is None else there - self._now()

    def _login(self) -> Sequence[etree._Element]:
        if self._config.login is Login.DIGEST:
            return ()
        at = self._now() + (self.clock_offset or timedelta())
        return (security(self._config.user, self._config.password.get_secret_value(), at),)


def _answers(told: etree._Element, operation: str) -> None:
    if etree.QName(told).localname != f"{operation}Response":
        raise ValueError("the answer to another question")


def _nothing(operation: str) -> Callable[[etree._Element], None]:
    return lambda told: _answers(told, operation)


def _time(told: etree._Element) -> datetime | None:
    _answers(told, "GetSystemDateAndTime")
    if (utc := child_of(told, "SystemDateAndTime", "UTCDateTime")) is None:
        return None
    year, month, day = (int(text_of(utc, "Date", part)) for part in ("Year", "Month", "Day"))
    hours, minutes, seconds = (int(text_of(utc, "Time", part)) for part in ("Hour", "Minute", "Second"))
    return datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _paths(told: etree._Element) -> dict[str, str]:
    _answers(told, "GetServices")
    services = children_of(told, "Service")
    return {text_of(one, "Namespace"): urlsplit(text_of(one, "XAddr")).path.lstrip("/") for one in services}


def _capabilities(told: etree._Element) -> Capabilities:
    _answers(told, "GetServiceCapabilities")
    if (found := child_of(told, "Capabilities")) is None:
        raise ValueError("no capabilities")
    return Capabilities(
        profile_validity=_is(found, "CredentialAccessProfileValiditySupported"),
        credential_validity=_is(found, "CredentialValiditySupported"),
        times=_is(found, "ValiditySupportsTimeValue"),
        client_tokens=_is(found, "ClientSuppliedTokenSupported"),
        max_credentials=int(found.attrib["MaxCredentials"]),
        max_profiles=int(found.attrib["MaxAccessProfilesPerCredential"]),
        identifier_types=frozenset((one.text or "").strip() for one in children_of(found, "SupportedIdentifierType")),
    )


def _is(element: etree._Element, name: str) -> bool:
    return element.get(name, "").strip() in ("true", "1")


def _formats(told: etree._Element) -> frozenset[str]:
    _answers(told, "GetSupportedFormatTypes")
    return frozenset(text_of(one, "FormatType") for one in children_of(told, "FormatTypeInfo"))


def _profile(element: etree._Element) -> AccessProfile:
    points = tuple(text_of(one, "Entity") for one in children_of(element, "AccessPolicy"))
    return AccessProfile(element.attrib["token"], text_of(element, "Name"), points)


def _credentials(told: etree._Element) -> list[TokenHolder]:
    _answers(told, "GetCredentials")
    return [_credential(one) for one in children_of(told, "Credential")]


def _credential(element: etree._Element) -> TokenHolder:
    identifiers = (
        Identifier(text_of(one, "Type", "Name"), text_of(one, "Type", "FormatType"), text_of(one, "Value"))
        for one in children_of(element, "CredentialIdentifier")
    )
    profiles = (
        ProfileUse(text_of(one, "AccessProfileToken"), text_of(one, "ValidFrom"), text_of(one, "ValidTo"))
        for one in children_of(element, "CredentialAccessProfile")
    )
    return TokenHolder(
        token=element.attrib["token"],
        description=text_of(element, "Description"),
        holder=text_of(element, "CredentialHolderReference"),
        identifiers=tuple(identifiers),
        profiles=tuple(profiles),
        valid_from=text_of(element, "ValidFrom"),
        valid_to=text_of(element, "ValidTo"),
    )


def _state(told: etree._Element) -> State:
    _answers(told, "GetCredentialState")
    said = text_of(told, "State", "Enabled")
    if said not in ("true", "1", "false", "0"):
        raise ValueError("neither enabled nor not")
    return State(said in ("true", "1"), text_of(told, "State", "Reason"))


def _token(told: etree._Element) -> str:
    _answers(told, "CreateCredential")
    if not (token := text_of(told, "Token")):
        raise ValueError("no token")
    return token
