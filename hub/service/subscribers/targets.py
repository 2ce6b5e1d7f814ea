"""Where events may be sent: https to public addresses, and to the hosts that the municipality allows by name. Pure."""

import re
from collections.abc import Container
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""Source: RFC 4291 section 2.4 and the IANA IPv6 address space registry, read 2026-11-21."""
_SIX_TO_FOUR = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")
"""Source: RFC 6052 section 2.1, read 2026-11-21; the last 32 bits are the IPv4 address that is reached."""
_ADDRESS = re.compile(
    r"https?://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?([/?][!$-\[\]-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_HIGHEST_PORT = 65535


def is_public(address: str) -> bool:
    """Whether an address is out on the internet: not of this machine, its network, a group, or a cloud's metadata."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _public4(found) if isinstance(found, IPv4Address) else _public6(found)


def _public4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast


def _public6(address: IPv6Address) -> bool:
    """IPv4 addresses in IPv6 clothes are judged as what they are; 6to4, which nobody runs any more, is none of ours."""
    if address.ipv4_mapped is not None:
        return _public4(address.ipv4_mapped)
    if address in _NAT64:
        return _public4(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL_UNICAST and address not in _SIX_TO_FOUR and address.is_global


def host_of(url: str) -> str | None:
    """The host of an absolute http or https address, in small letters; None for anything else.

    Strict, so that no other reader of addresses finds another host in it.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None or int(found["port"] or 0) > _HIGHEST_PORT:
        return None
    return found["host"].strip("[]").lower()


def fault(url: str, allowed: Container[str]) -> str | None:
    """What is wrong with the address of a subscription, and what to do; None when nothing is.

    What its host resolves to is looked at when the connection is made, and each time.
    """
    host = host_of(url)
    if host is None:
        return "give an address such as https://booking.example.se/hooks: ASCII, no user, no password and no fragment"
    if host in allowed:
        return None
    by_name = f"or allow {host} in municipality.yaml: `webhooks: {{allow: [{host}]}}`"
    if not url.lower().startswith("https:"):
        return f"begin with https://, {by_name}"
    if _is_literal(host) and not is_public(host):
        return f"{host} is no public address; give one, {by_name}"
    return None


def _is_literal(host: str) -> bool:
    """Whether it is an address already, also in the short and numeric forms that some resolvers take."""
    return ":" in host or host.rpartition(".")[2][:1].isdigit()
