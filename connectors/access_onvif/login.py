"""Who we are, in each message: a WS-Security UsernameToken with a digest.

Source: OASIS Web Services Security UsernameToken Profile 1.0 (2004-03), 3.1; ONVIF Core Specification, 5.9.4; read
2026-11-26. SHA-1 is the profile's; what it proves is good for the minutes in which the device takes `Created`.
"""

import hashlib
import secrets
from base64 import b64encode
from datetime import UTC, datetime

from lxml import etree
from lxml.builder import ElementMaker

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_SEC = ElementMaker(namespace=WSSE, nsmap={"wsse": WSSE, "wsu": WSU})
_UTIL = ElementMaker(namespace=WSU)


def security(user: str, password: str, at: datetime) -> etree._Element:
    """The header of one message, made at a time of the device's clock."""
    nonce = secrets.token_bytes(16)
    created = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()
    token = _SEC.UsernameToken(
        _SEC.Username(user),
        _SEC.Password(b64encode(digest).decode(), Type=DIGEST),
        _SEC.Nonce(b64encode(nonce).decode(), EncodingType=BASE64),
        _UTIL.Created(created),
    )
    return _SEC.Security(token)
