"""The console's addresses. The key comes as the password of HTTP Basic, or as Bearer like everywhere else."""

import asyncio
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hub.console import pages
from hub.console.words import preferred
from hub.planner.lasting import Month
from hub.service.keeping.keys import Holder, Scope
from hub.service.looking.readiness import ReadinessBoard
from hub.service.operators.operating import Operating
from hub.service.rulebook import Rulebook
from hub.service.words.saying import LANGUAGES, Language
from hub.service.zones.energy import Energy, as_csv

ROUTER = APIRouter(include_in_schema=False)

_STYLE = (Path(__file__).parent / "static" / "style.css").read_text(encoding="utf-8")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Authorization",
}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Knutpunkt", charset="UTF-8"'}
_Month = Annotated[str | None, Query(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$")]
_LANGUAGES: dict[str, Language] = {language: language for language in LANGUAGES}


class Desk(Protocol):
    """The part of the process's use cases that the pages show."""

    rulebook: Rulebook
    operating: Operating
    readiness: ReadinessBoard
    energy: Energy

    async def holder(self, key: str) -> Holder | None:
        """Whose key it is."""


class Caller(NamedTuple):
    """Who asks, and in which language they read."""

    desk: Desk
    holder: Holder | None
    language: Language


async def _caller(request: Request) -> Caller:
    desk: Desk = request.app.state.desk
    told = request.query_params.get("lang", "")
    language = _LANGUAGES.get(told) or preferred(request.headers.get("accept-language", ""))
    key = key_in(request.headers.get("authorization", ""))
    return Caller(desk, await desk.holder(key) if key else None, language)


def key_in(authorization: str) -> str:
    """The key in the header: a Bearer token, or the password of Basic; empty when there is none."""
    scheme, _, told = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return told.strip()
        case "basic":
            try:
                return base64.b64decode(told, validate=True).decode().partition(":")[2]
            except ValueError:
                return ""
    return ""


@ROUTER.get("/")
async def root(request: Request) -> Response:
    """Lead to the board of the only municipality, or list those that the key is for."""
    caller = await _caller(request)
    if caller.holder is None:
        return _unknown(caller)
    mine = {key: town for key, town in caller.desk.rulebook.towns().items() if caller.holder.reaches(key)}
    if len(mine) == 1:
        return RedirectResponse(f"/console/{next(iter(mine))}", headers=_HEADERS)
    names = ((key, town.configuration.municipality.name) for key, town in sorted(mine.items()))
    return _page(pages.towns(names, caller.language))


@ROUTER.get("/console/{municipality}")
async def board(municipality: str, request: Request, hours: Annotated[int, Query(ge=1, le=168)] = 24) -> Response:
    """Is tonight ready?"""
    caller = await _caller(request)
    if refused := _refused(caller, municipality):
        return refused
    assert caller.holder  # noqa: S101 - who has none was refused
    town = caller.desk.rulebook.town(municipality)
    readiness = await caller.desk.readiness.board(municipality, hours=hours, language=caller.language)
    problems = None
    if caller.holder.may(Scope.OPERATOR, municipality):
        problems = await caller.desk.operating.problems(municipality, language=caller.language)
    name = town.configuration.municipality.name
    return _page(pages.board(name, readiness, problems, hours=hours, language=caller.language, key=municipality))


@ROUTER.get("/console/{municipality}/energy")
async def energy(municipality: str, request: Request, month: _Month = None) -> Response:
    """How long were lights on, and for whom?"""
    caller = await _caller(request)
    if refused := _refused(caller, municipality):
        return refused
    name = caller.desk.rulebook.town(municipality).configuration.municipality.name
    found = await caller.desk.energy.month(municipality, _begun(caller, month))
    after = Month.read(found.month).after
    later = after if after <= caller.desk.energy.current() else None
    html = pages.energy(municipality, name, found, later=later, language=caller.language)
    return _page(html, more={"Content-Security-Policy": f"{_HEADERS['Content-Security-Policy']}; img-src 'self'"})


@ROUTER.get("/console/{municipality}/energy.csv")
async def energy_csv(municipality: str, request: Request, month: _Month = None) -> Response:
    """The same, for a spreadsheet."""
    caller = await _caller(request)
    if refused := _refused(caller, municipality):
        return refused
    found = await caller.desk.energy.month(municipality, _begun(caller, month))
    name = f'attachment; filename="energy-{municipality}-{found.month}.csv"'
    headers = _HEADERS | {"Content-Disposition": name}
    return Response(as_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


@ROUTER.get("/console/{municipality}/energy/{facility}.svg")
async def energy_chart(municipality: str, facility: str, request: Request, month: _Month = None) -> Response:
    """A facility's zones as a picture; it brings its own style, and nothing else."""
    caller = await _caller(request)
    if refused := _refused(caller, municipality):
        return refused
    found = await caller.desk.energy.month(municipality, _begun(caller, month))
    shown = next((one for one in found.facilities if one.facility == facility), None)
    if shown is None:
        return _page(pages.refusal("not_found", caller.language), 404)
    drawn = await asyncio.to_thread(pages.energy_chart, shown, found.month, caller.language)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(drawn, media_type="image/svg+xml", headers=_HEADERS | {"Content-Security-Policy": policy})


def _begun(caller: Caller, told: str | None) -> Month:
    """The month that is asked for, or the one that is now where it has not begun."""
    current = caller.desk.energy.current()
    return min(Month.read(told), current) if told else current


@ROUTER.get("/console/static/style.css")
async def style() -> Response:
    """The only style sheet."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})


def _refused(caller: Caller, municipality: str) -> Response | None:
    """Why somebody gets no page of a municipality; None for whoever does."""
    if caller.holder is None:
        return _unknown(caller)
    if not caller.holder.may(Scope.BOOKINGS_READ, municipality):
        return _page(pages.refusal("forbidden", caller.language), 403)
    if municipality not in caller.desk.rulebook.towns():
        return _page(pages.refusal("not_found", caller.language), 404)
    return None


def _unknown(caller: Caller) -> Response:
    return _page(pages.refusal("key_needed", caller.language, "key_how"), 401, _CHALLENGE)


def _page(html: str, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    return HTMLResponse(html, status, headers=_HEADERS | dict(more or {}))
