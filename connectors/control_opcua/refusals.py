"""What a status means for what happens next.

Source: OPC 10000-6 v1.05, A.2 (status codes and their names) and OPC 10000-4 v1.05, 7.38, by way of asyncua 2.1.0, its
source, read 2026-11-27.
"""

from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError, UnknownOutcomeError

UNPROVEN = {
    "BadIdentityTokenInvalid": "it takes no such user; does it want username and password?",
    "BadIdentityTokenRejected": "it does not know our user and password; correct them",
    "BadUserSignatureInvalid": "it does not take our user's signature",
    "BadSecurityChecksFailed": "it does not trust our certificate; have it trusted there, or correct security",
    "BadSecurityPolicyRejected": "it has no such security; correct `security`",
    "BadSecurityModeRejected": "it has no such security; correct `security`",
    "BadSecurityModeInsufficient": "it wants to be asked securely; set `security`",
    "BadApplicationSignatureInvalid": "it does not take our certificate's key",
    "BadNonceInvalid": "it does not take our nonce; look at its security settings",
    "BadRequestTypeInvalid": "it has no such security; correct `security`",
}
"""By a session or a channel that is not had. All about certificates is here too."""
LOST = frozenset(
    {
        "BadSessionIdInvalid", "BadSessionClosed", "BadSessionNotActivated", "BadSecureChannelIdInvalid",
        "BadSecureChannelClosed", "BadSecureChannelTokenUnknown", "BadSequenceNumberInvalid", "BadConnectionClosed",
        "BadTcpSecureChannelUnknown", "BadNoSubscription", "BadSubscriptionIdInvalid", "BadConnectionRejected",
    }
)  # fmt: skip
"""Nothing was done: who asked was not known any more."""
LATER = frozenset(
    {
        "BadTooManySessions", "BadTooManyOperations", "BadTooManyPublishRequests", "BadTooManySubscriptions",
        "BadTcpServerTooBusy", "BadTcpNotEnoughResources", "BadServerTooBusy", "BadResourceUnavailable",
        "BadOutOfMemory", "BadServerHalted", "BadServerNotConnected", "BadShutdown", "BadOutOfService",
        "BadWaitingForInitialData", "BadNotConnected", "BadRequestCancelledByClient", "BadMaxConnectionsReached",
        "BadInvalidState",
    }
)  # fmt: skip
"""Nothing was done, and something may be later."""
FOR_A_PERSON = {
    "BadNodeIdUnknown": "the server has no such node; correct it",
    "BadNodeIdInvalid": "the server reads no node there; correct it",
    "BadNotWritable": "the server lets nobody write it; choose another node",
    "BadNotReadable": "the server lets nobody read it; choose a status node",
    "BadUserAccessDenied": "our user may not; have it allowed there",
    "BadTypeMismatch": "it does not take that type of number; has the server been changed?",
    "BadOutOfRange": "it does not take that value; check the zone's scale and the node's limits",
    "BadWriteNotSupported": "the server lets nobody write it so; choose another node",
    "BadAttributeIdInvalid": "that node has no value; choose a variable",
    "BadNotSupported": "the server cannot do that to it; choose another node",
    "BadNotImplemented": "the server cannot do that to it; choose another node",
    "BadServiceUnsupported": "the server has no such service; another has to speak for the zone",
    "BadConfigurationError": "the server's own settings of that node are wrong; correct them there",
    "BadLocked": "somebody has locked it; have it unlocked",
}


def refused(where: str, status: str, *, changes: bool) -> ConnectorError:
    """What a bad status means; `changes`: it answers a write."""
    if why := FOR_A_PERSON.get(status):
        return RejectedError(f"{where}: {why} ({status})")
    if is_of_credentials(status):
        return not_let_in(where, status)
    if status in LOST:
        return TransientError(f"{where}: the session was lost ({status})")
    if status in LATER:
        return TransientError(f"{where}: the server cannot now ({status})")
    told = f"{where}: the server says {status}"
    return UnknownOutcomeError(f"{told}; it may be done") if changes else TransientError(told)


def not_let_in(where: str, status: str) -> ConnectorError:
    """What a bad status means that answers our coming: there is nothing to be done to a zone yet."""
    if status == "BadUserAccessDenied":
        return CredentialsError(f"{where}: our user may not come in; correct username and password ({status})")
    if is_of_credentials(status):
        why = UNPROVEN.get(status, "it does not take our certificate; have it trusted there, or renew it")
        return CredentialsError(f"{where}: {why} ({status})")
    if status == "BadTooManySessions":
        return TransientError(f"{where}: all its sessions are taken; end one, or let it have more ({status})")
    return TransientError(f"{where}: the server does not let us in now ({status})")


def is_of_credentials(status: str) -> bool:
    """Whether it is about who we are."""
    return status in UNPROVEN or status.startswith("BadCertificate")
