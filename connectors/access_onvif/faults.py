"""What a fault of a device means. The last subcode decides: on all above it devices and specification disagree.

Source: ONVIF Credential Service 21.06, faults of each command; Core Specification, 5.8.2; read 2026-11-21.
"""

from hub.sdk import ConnectorError, CredentialsError, RejectedError, SoapFault, TransientError


class GoneError(RejectedError):
    """There is nothing under that token."""


class DuplicateError(RejectedError):
    """A credential of the device has that value already."""


_LOGIN = frozenset({"NotAuthorized", "SenderNotAuthorized", "FailedAuthentication"})
_FOR_A_PERSON = {
    "MaxCredentials": "the device is full; remove credentials that nobody needs",
    "MaxAccessProfilesPerCredential": "more doors than the device takes for one credential",
    "CredentialValiditySupported": "the device keeps no times; test the connection, so that the hub learns it",
    "CredentialAccessProfileValiditySupported": "the device keeps no times; test the connection",
    "SupportedIdentifierType": "the device takes no PIN, or no card",
    "InvalidFormatType": "the device does not take that format; look at pin_format and card_format",
    "InvalidIdentifierValue": "the device does not take that value; look at the length of PINs and at pin_format",
    "ReferenceNotFound": "an access profile is no longer there; look at it in the device",
    "ActionNotSupported": "the device does not know that command; it must have ONVIF Profile A",
}


def refusal_of(fault: SoapFault) -> ConnectorError | None:
    """The error; None: what the code says."""
    last = fault.subcodes[-1] if fault.subcodes else ""
    if last in _LOGIN:
        return CredentialsError("the device does not let us in; check user, password and the device's clock")
    if last == "NotFound":
        return GoneError("no such credential; somebody has removed it")
    if last == "DuplicatedIdentifierValue":
        return DuplicateError(f"{last}: another credential of the device has that PIN or card; choose another")
    if last == "InvalidStartReference":
        return TransientError("a list was changed while it was read")
    told = _FOR_A_PERSON.get(last)
    return RejectedError(f"{last}: {told}") if told else None
