"""The wire: numbers are translated to the service's own ids in a body, and only such an id stands in an address.

Source: Sundsvalls kommun, Citizen API 3.0 (OpenAPI, commit of 2026-03-18), and what public services of the same
municipality send and read (commits of 2026), read 2026-11-26.
"""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from connectors.population_rest.config import RestConfig
from hub.sdk import Lent, RejectedError

T = TypeVar("T")
Tree = dict[str, Any]
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Citizens:
    """The calls that are used here."""

    def __init__(self, config: RestConfig, lent: Lent) -> None:
        self._municipality, self._not_found = config.municipality, config.not_found
        token = config.token.get_secret_value()
        shown = f"Bearer {token}" if config.token_header.casefold() == "authorization" else token
        self._http = lent.http(config.base_url, headers={config.token_header: shown})

    async def person_id(self, person_number: str) -> str | None:
        """Translate a number to the service's own id; None where it has nobody."""
        answer = await self._http.post(f"{self._municipality}/guid/batch", safe=True, json=[person_number])
        return answer.read(lambda body: self._translated(parsed(body), person_number))

    async def citizen(self, person_id: str, read: Callable[[Tree | None], T]) -> T:
        """Ask for one record, without what is classified: one that is may be left out, and None is read then."""
        answer = await self._http.get(f"{self._municipality}/{person_id}", params={"ShowClassified": "false"})
        if answer.status == HTTPStatus.NO_CONTENT:
            return read(None)
        return answer.read(lambda body: read(_record(parsed(body), person_id)))

    async def look(self) -> None:
        """Whether the service is there and lets us in: its own documentation tells nothing of anybody."""
        await self._http.get(f"{self._municipality}/api-docs")

    def _translated(self, told: Any, person_number: str) -> str | None:  # noqa: ANN401 - a tree of JSON
        (one,) = told
        if one["personNumber"] != person_number:
            raise ValueError("an answer to another question")
        if one["success"] is True and _ID.fullmatch(one["personId"]):
            return str(one["personId"]).lower()
        if one["success"] is False and one.get("personId") is None and one.get("errorMessage") == self._not_found:
            return None
        raise RejectedError("the service cannot translate the number, and says neither who nor nobody; ask its owner")


def parsed(body: bytes) -> Any:  # noqa: ANN401 - a tree of JSON
    """Read JSON in which no name stands twice: which of the two is meant cannot be known."""
    return json.loads(body, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> Tree:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError("a name twice")
    return tree


def _record(told: Any, person_id: str) -> Tree:  # noqa: ANN401 - a tree of JSON
    if not isinstance(told, dict):
        raise TypeError("no record")
    if str(told["personId"]).lower() != person_id:
        raise RejectedError("the service answers with another's record; nothing of it is used: tell its owner")
    return told
