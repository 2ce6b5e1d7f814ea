"""Between canonical credentials and what a device keeps: pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from pydantic import SecretStr

from connectors.access_onvif.client import Identifier, TokenHolder
from connectors.access_onvif.config import Format
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import STOCKHOLM, AccessLimits, Condition, RejectedError, Sighting, Validity

MARK = "hub-"
"""How the key of every credential of ours begins; others are never touched."""
PIN, CARD = "pt:PIN", "pt:Card"
TOKEN_MAX_LENGTH = 64
"""Source: ONVIF pacs/types.xsd, ReferenceToken and Name, read 2026-11-21."""
OCTETS = {Format.NUMBER16: 2, Format.NUMBER32: 4, Format.NUMBER56: 7}
"""Source: ISO 16484-5, BACnetAuthenticationFactorType: how long a number is, most significant octet first."""
NOON = time(12)
"""UTC: whatever zone a device without times counts its days in, noon is in the day that is meant in Sweden."""


@dataclass(frozen=True)
class Device:
    """What was learned of it."""

    limits: AccessLimits
    formats: Mapping[str, Format]
    """By type of identifier: what ours are written in."""
    client_tokens: bool
    max_profiles: int
    envelope: bool
    """Keeps when the credential as a whole holds, too."""
    profiles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The tokens of the access profiles of each name; as many windows can be kept there."""

    def doors(self) -> dict[str, str]:
        """Name by token."""
        return {token: name for name, tokens in self.profiles.items() for token in tokens}


def digits_of(form: Format) -> int:
    """How many decimal digits any number of the format may have."""
    return 64 if form is Format.TEXT else len(str(256 ** OCTETS[form])) - 1


def token_of(key: str) -> str:
    """The token of ours, where the device takes one: the key, or, if that is too long, what is made of it."""
    if len(key) <= TOKEN_MAX_LENGTH:
        return key
    return MARK + hashlib.sha256(key.encode()).hexdigest()[: TOKEN_MAX_LENGTH - len(MARK)]


def key_of(there: TokenHolder) -> str | None:
    """The key of ours under which it stands; None: it is somebody else's."""
    return next((told for told in (there.description, there.holder, there.token) if told.startswith(MARK)), None)


def ours(key: str) -> None:
    """Refuse a key without our mark.

    Raises:
        RejectedError: it might be somebody else's credential.
    """
    if not key.startswith(MARK):
        raise RejectedError(f"{key}: keys of ours begin with {MARK}; give the credential such a key")


def written(credential: Credential, device: Device, token: str = "") -> dict[str, object]:
    """The credential in the device's words.

    Args:
        credential: what should be.
        device: with the access profiles of its doors.
        token: under which it stands, or should; empty: the device makes one up.

    Raises:
        RejectedError: it does not fit the device.
    """
    uses = list(_uses(credential, device))
    if len(uses) > device.max_profiles:
        told = f"{len(uses)} doors and times, and the device takes {device.max_profiles} of one credential"
        raise RejectedError(f"{credential.key}: {told}; split the booking, or have fewer doors")
    made: dict[str, object] = {
        "token": token,
        "Description": credential.key,
        "CredentialHolderReference": _reference(credential),
        "CredentialIdentifier": list(_identifiers(credential, device)),
        "CredentialAccessProfile": uses,
    }
    if device.envelope and device.limits.validity is not Validity.NONE:
        made |= _span(_around(credential.windows), device.limits.validity)
    return made


def sighting_of(
    key: str, found: Sequence[TokenHolder], device: Device, *, enabled: bool = True
) -> Sighting[Credential] | None:
    """What stands under a key; it opens only when it is enabled, and known only when it is there once."""
    if not found:
        return None
    there = found[0]
    try:
        windows = frozenset(_windows(there, device))
    except (ValueError, OverflowError):
        windows = None
    values = {one.type: _value(one) for one in there.identifiers}
    method = Method.CARD if CARD in values else Method.PIN
    value = values.get(CARD if method is Method.CARD else PIN, Unsaid.NOT_TOLD)
    pin = values.get(PIN)
    credential = Credential(
        key=key,
        method=method,
        value=value,
        second_value=pin if method is Method.CARD and isinstance(pin, SecretStr) else None,
        windows=windows or frozenset(),
        holder="" if there.holder == _cut(key) else there.holder,
    )
    if len(found) > 1:
        return Sighting(credential, Condition.FAILED, f"{len(found)} credentials, and there should be one")
    if windows is None:
        return Sighting(credential, Condition.FAILED, "a time of it cannot be read; it is written anew")
    if not enabled:
        return Sighting(credential, Condition.DISABLED, "disabled at the device; enable it there")
    return Sighting(credential)


def _uses(credential: Credential, device: Device) -> Iterator[dict[str, object]]:
    """An access profile for each window: of one door as many as it has profiles."""
    left = {door: list(tokens) for door, tokens in device.profiles.items()}
    for window in sorted(credential.windows, key=_by_door):
        if not left.get(window.door):
            raise RejectedError(
                f"{window.door}: no access profile of that name is left; make one in the device for each window there"
            )
        yield {"AccessProfileToken": left[window.door].pop(0)} | _span(window, device.limits.validity)


def _span(window: Window, validity: Validity) -> dict[str, object]:
    match validity:
        case Validity.TIMES:
            return {"ValidFrom": window.starts_at.astimezone(UTC), "ValidTo": window.ends_at.astimezone(UTC)}
        case Validity.DATES:
            last = window.ends_at - timedelta(microseconds=1)
            return {"ValidFrom": _noon(window.starts_at), "ValidTo": _noon(last)}
        case Validity.NONE:
            return {}


def _noon(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(STOCKHOLM).date(), NOON, UTC)


def _around(windows: Iterable[Window]) -> Window:
    """From the first start to the last end."""
    listed = list(windows)
    starts_at, ends_at = min(one.starts_at for one in listed), max(one.ends_at for one in listed)
    return listed[0].model_copy(update={"starts_at": starts_at, "ends_at": ends_at})


def _identifiers(credential: Credential, device: Device) -> Iterator[dict[str, object]]:
    kind = CARD if credential.method is Method.CARD else PIN
    if not isinstance(credential.value, SecretStr):
        raise RejectedError(f"{credential.key}: an ONVIF device makes up no {credential.method}; let the hub choose it")
    yield _identifier(kind, credential.value, device)
    if credential.second_value is not None:
        yield _identifier(PIN, credential.second_value, device)


def _identifier(kind: str, value: SecretStr, device: Device) -> dict[str, object]:
    if (form := device.formats.get(kind)) is None:
        raise RejectedError(f"the device takes no {kind} in a format that is known here; see README, Formats")
    return {
        "Type": {"Name": kind, "FormatType": form.value},
        "ExemptedFromAuthentication": False,
        "Value": octets(value.get_secret_value(), form).hex().upper(),
    }


def octets(value: str, form: Format) -> bytes:
    """A value in a format: never its digits as they are, which would be octets of another value.

    Raises:
        RejectedError: it has no place there; it is not told.
    """
    if form is Format.TEXT:
        if value.isascii() and value.isprintable() and value:
            return value.encode()
        raise RejectedError(f"{form.value} takes letters and digits only; write the value so")
    if not (value.isascii() and value.isdigit()) or len(value) > digits_of(form) or value.startswith("0"):
        raise RejectedError(
            f"{form.value} takes {digits_of(form)} digits at most, and none that begins with 0; write the value so"
        )
    return int(value).to_bytes(OCTETS[form])


def _value(there: Identifier) -> SecretStr | Unsaid:
    """What stands there, as far as the device shows it, and in a format that is known here."""
    try:
        found = bytes.fromhex(there.value)
        form = Format(there.format)
        text = found.decode("ascii") if form is Format.TEXT else str(int.from_bytes(found))
    except ValueError:
        return Unsaid.NOT_TOLD
    return SecretStr(text) if found else Unsaid.NOT_TOLD


def _windows(there: TokenHolder, device: Device) -> Iterator[Window]:
    """When each access profile holds, and the credential with it."""
    names, validity = device.doors(), device.limits.validity
    for use in there.profiles:
        door = names.get(use.token, use.token)
        starts_at = max(_start(use.valid_from, validity), _start(there.valid_from, validity))
        ends_at = min(_end(use.valid_to, validity), _end(there.valid_to, validity))
        if starts_at < ends_at:
            yield Window(door=door, starts_at=starts_at, ends_at=ends_at)


def _start(told: str, validity: Validity) -> datetime:
    if not told or validity is Validity.NONE:
        return Window.always("").starts_at
    return _moment(told) if validity is Validity.TIMES else _midnight(date.fromisoformat(told[:10]))


def _end(told: str, validity: Validity) -> datetime:
    if not told or validity is Validity.NONE:
        return Window.always("").ends_at
    if validity is Validity.TIMES:
        return _moment(told)
    return _midnight(date.fromisoformat(told[:10]) + timedelta(days=1))


def _moment(told: str) -> datetime:
    """A time of the device; one without a zone is UTC, as all that are written here."""
    moment = datetime.fromisoformat(told)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), STOCKHOLM).astimezone(UTC)


def _reference(credential: Credential) -> str:
    """Whom it is for, as far as the configuration lets that out; without it the key, by which it is found again too."""
    return _cut(credential.holder) or _cut(credential.key)


def _cut(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:TOKEN_MAX_LENGTH].strip()


def _by_door(window: Window) -> tuple[str, datetime]:
    return window.door, window.starts_at


def profile_uses(there: TokenHolder) -> set[str]:
    """The tokens of the access profiles that a credential has."""
    return {use.token for use in there.profiles}


def has_value(there: TokenHolder, made: Mapping[str, object]) -> bool:
    """Whether it has the PIN or card already that one would be written with: no other may have it beside."""
    wanted = made.get("CredentialIdentifier")
    values = {str(one["Value"]) for one in wanted} if isinstance(wanted, list) else set()
    return any(one.value.upper() in values for one in there.identifiers)
