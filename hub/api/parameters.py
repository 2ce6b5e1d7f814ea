"""What stands in an address after its path: a call takes the parameters that are documented for it, and no others.

One that is not understood may say "only try it", or mean fewer than all: it is refused, never left out.
"""

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from hub.api.problems import ProblemError
from hub.masking import quoted

_TAKES_ANY = "/connections/{name}/inbox"
"""What a vendor's system puts there is its own."""


async def only_known(request: Request) -> None:
    """A dependency of every call. Raises ProblemError."""
    route = request.scope.get("route")
    if not request.scope["query_string"] or not isinstance(route, APIRoute) or route.path.endswith(_TAKES_ANY):
        return
    known = _known(route)
    if strange := sorted(set(request.query_params) - known):
        takes = f"this call takes {', '.join(sorted(known))}" if known else "this call takes none"
        told = f"there is no {', '.join(map(quoted, strange))}; {takes}; nothing was done"
        raise ProblemError("unknown-parameter", told)


def _known(route: APIRoute) -> frozenset[str]:
    by_hand = (route.openapi_extra or {}).get("parameters", ())
    return frozenset([*_told(route.dependant), *(one["name"] for one in by_hand if one["in"] == "query")])


def _told(of: Dependant) -> Iterator[str]:
    yield from (field.alias for field in of.query_params)
    for inner in of.dependencies:
        yield from _told(inner)
