"""What comes in from outside: files of attendance, callbacks, the quarantine; and attendance as it is asked for."""

import asyncio
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.api.problems import ProblemError
from hub.clock import STOCKHOLM, instant
from hub.intake.importing import counted
from hub.intake.spool import Spool
from hub.model.audit import Act
from hub.model.imported import AttendancePage, Fetched, ImportAnswer, ImportReport, QuarantinedRow, Rerun
from hub.sdk import Callback, RejectedError
from hub.service.incoming.attended import Asked
from hub.service.keeping.keys import Holder, Scope
from hub.store import imports
from hub.store.imports import Import

ROUTER = APIRouter(prefix="/v1/{municipality}", responses=problems("not-found"))

_Here = Annotated[Desk, Depends(desk)]
_OPERATE = [Depends(require(Scope.OPERATOR))]
_Row = Annotated[int, Path(ge=1, le=2**53)]
MOST_BYTES = 2_000_000_000
"""Of one file: a year of a large city is a few hundred million."""
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@ROUTER.post(
    "/attendance/imports",
    tags=["attendance"],
    responses=problems("invalid-file", "unknown-format", "too-large", "no-room"),
    openapi_extra=_FILE,
)
async def import_attendance(  # noqa: PLR0913 - FastAPI calls it by name
    municipality: str,
    request: Request,
    here: _Here,
    holder: Annotated[Holder, Depends(require(Scope.ATTENDANCE_WRITE))],
    form: Annotated[
        str, Query(alias="format", max_length=100, description="dak, ...; or the name of the connection that reads it")
    ],
    name: Annotated[str, Query(max_length=200, description="of the file, for the list of imports")] = "upload",
    *,
    dry_run: Annotated[bool, Query(description="store nothing")] = False,
) -> ImportReport:
    """Take in a file as its source system exports it; what came before and is the same changes nothing."""
    here.rulebook.town(municipality)
    inlet = here.intake.inlets.for_format(municipality, form)
    with _room(), Spool() as spool:
        await _fill(spool, request)
        file = cast("Any", spool)
        if dry_run:
            return await here.intake.importing.dry(inlet, file, name)
        return await here.intake.importing.live(inlet, file, name, "upload", holder.name)


async def _fill(spool: Spool, request: Request) -> None:
    async for chunk in request.stream():
        if spool.size + len(chunk) > MOST_BYTES:
            raise ProblemError("too-large", f"a file is at most {MOST_BYTES} bytes; send it in parts")
        await asyncio.to_thread(spool.write, chunk)
    spool.seek(0)


@contextmanager
def _room() -> Iterator[None]:
    """A full disk is told as what it is."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise ProblemError("no-room", "there is no room to keep the file while it is read") from error


@ROUTER.get("/imports", tags=["attendance"], dependencies=_OPERATE)
async def list_imports(
    municipality: str, here: _Here, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[ImportAnswer]:
    """Tell which files were read, the latest first, and how it went."""
    here.rulebook.town(municipality)
    found = await here.readers.read(lambda c: imports.listed(c, municipality, limit=limit))
    return [_import(one) for one in found]


def _import(one: Import) -> ImportAnswer:
    return ImportAnswer(
        id=one.id,
        connection=one.connection,
        via=cast("Literal['upload', 'folder', 'sftp']", one.via),
        name=one.name,
        sent_by=one.sent_by,
        state=cast("Literal['running', 'done', 'failed']", one.state),
        detail=one.detail,
        begun_at=instant(one.begun_at),
        ended_at=instant(one.ended_at) if one.ended_at is not None else None,
        counts=counted(one.counts),
    )


@ROUTER.get("/attendance", tags=["attendance"])
async def list_attendance(  # noqa: PLR0913, PLR0917 - a filter; FastAPI calls it by name
    municipality: str,
    here: _Here,
    holder: Annotated[Holder, Depends(require(Scope.ATTENDANCE_READ))],
    begin: Annotated[date, Query(alias="from", description="first day, local time")],
    end: Annotated[date, Query(alias="to", description="last day, local time")],
    association: Annotated[
        str | None, Query(max_length=64, description="the source's id of it, or its organisation number")
    ] = None,
    after: Annotated[str | None, Query(max_length=60, description="the `next` of an earlier page")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AttendancePage:
    """Give gatherings by their start. Who somebody is takes scope persons:lookup as well."""
    asked = Asked(
        _midnight(begin),
        _midnight(min(end, _LATEST) + timedelta(days=1)),
        association,
        after,
        limit,
        identities=holder.may(Scope.PERSONS_LOOKUP, municipality),
    )
    page = await here.intake.attended.page(municipality, asked)
    act = Act.IDENTITIES_SHOWN if asked.identities else Act.ATTENDANCE_SEEN
    days = f"{begin}/{end}"
    of = association or ""
    await here.witness.saw(municipality, act, "", private=of, days=days, gatherings=len(page.gatherings))
    return page


_LATEST = date(2200, 1, 1)
"""Who asks for all that is to come tells a day that has no next."""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), STOCKHOLM)


@ROUTER.post(
    "/connections/{name}/inbox",
    tags=["connections"],
    status_code=204,
    responses=problems("unproven-sender", "unreadable-callback", "too-large"),
)
async def receive_callback(municipality: str, name: str, request: Request, here: _Here) -> Response:
    """Take what an external system tells us: proven by the connection's connector, and on disk before the answer."""
    headers = {key.lower(): value for key, value in request.headers.items()}
    try:
        await here.intake.inbox.receive(municipality, name, Callback(headers, await request.body()))
    except RejectedError as error:
        raise ProblemError("unreadable-callback", str(error)) from error
    return Response(status_code=204)


@ROUTER.post("/connections/{name}:fetch", tags=["connections"], dependencies=_OPERATE)
async def fetch_connection(municipality: str, name: str, here: _Here) -> Fetched:
    """Look now for what is new, instead of at the next time."""
    inlet = here.intake.inlets.find(municipality, name)
    await here.witness.saw(municipality, Act.CONNECTION_FETCHED, name)
    return await here.intake.looking.look(inlet)


@ROUTER.get("/quarantine", tags=["quarantine"], dependencies=_OPERATE)
async def list_quarantine(
    municipality: str,
    here: _Here,
    connection: Annotated[str | None, Query(max_length=100)] = None,
    after: Annotated[int, Query(ge=0, le=2**53, description="an id; the page begins after it")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[QuarantinedRow]:
    """List items that could not be understood, the oldest first, with place and reason."""
    here.rulebook.town(municipality)
    return await here.intake.quarantine.listed(municipality, connection, after=after, limit=limit)


class RerunWish(BaseModel):
    """Which rows to try again."""

    connection: str
    ids: frozenset[Annotated[int, Path(ge=1, le=2**53)]] | None = None


@ROUTER.post("/quarantine:rerun", tags=["quarantine"], dependencies=_OPERATE)
async def rerun_quarantine(municipality: str, wish: RerunWish, here: _Here) -> Rerun:
    """Try rows again, with the connector and the mapping as they are now."""
    return await here.intake.quarantine.rerun(municipality, wish.connection, ids=wish.ids)


@ROUTER.post("/quarantine/{row}:dismiss", tags=["quarantine"], dependencies=_OPERATE)
async def dismiss_quarantined(municipality: str, row: _Row, here: _Here) -> QuarantinedRow:
    """Say that a row will never mean anything; it stays as it came until it expires."""
    return await here.intake.quarantine.dismiss(municipality, row)
