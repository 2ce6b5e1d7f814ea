"""What a caller prefers (RFC 7240): to wait for the end, for so long.

Source: RFC 7240, section 4.3, read 2026-11-21.
"""

import re
from typing import Any

from fastapi import Request

from hub.service.accept.waiting import LONGEST_SECONDS

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]+)\"?\s*(?=$|[,;])", re.IGNORECASE)


def waits(request: Request) -> int | None:
    """For how many seconds, thirty at most; None for a preference that is not there or cannot be read."""
    wanted = _WAIT.search(request.headers.get("prefer", ""))
    return min(int(wanted[1]), LONGEST_SECONDS) if wanted else None


def applied(seconds: int) -> dict[str, str]:
    """The header that says so."""
    return {"Preference-Applied": f"wait={seconds}"}


def prefer(until: str) -> dict[str, Any]:
    """The header, for the OpenAPI document."""
    told = f"wait=N holds the answer up to N seconds ({LONGEST_SECONDS}), until {until}"
    return {"name": "Prefer", "in": "header", "schema": {"type": "string"}, "description": told}
