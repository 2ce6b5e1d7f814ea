"""What a route may answer besides success, for the OpenAPI document."""

from typing import Any

from hub.api.problems import CODES, MEDIA_TYPE

_SCHEMA = {"$ref": "#/components/schemas/ProblemDetails"}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that may tell these codes; 401 and 403 are told by every route but health."""
    told: dict[int | str, dict[str, Any]] = {}
    for code in ("unauthorised", "forbidden", *codes):
        status, title = CODES[code]
        description = told[status]["description"] + f"; {code}" if status in told else f"{title}: {code}"
        told[status] = {"description": description, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
    return told
