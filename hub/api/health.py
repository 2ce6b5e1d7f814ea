"""Whether the process lives, whether it can serve, and its figures."""

import time

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hub.api.auth import authorised
from hub.api.desk import desk
from hub.api.documented import problems
from hub.service.keeping.keys import EVERY_MUNICIPALITY, Scope

ROUTER = APIRouter(tags=["health"])


@ROUTER.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """Say that the process lives."""
    return "ok\n"


@ROUTER.get(
    "/readyz",
    response_class=PlainTextResponse,
    responses={503: {"description": "The database does not answer in time"}},
)
async def readyz(request: Request) -> Response:
    """Say whether the database answers."""
    began = time.monotonic()
    await desk(request).readers.read(lambda connection: connection.rows("SELECT 1"))
    return PlainTextResponse(f"ok, database in {(time.monotonic() - began) * 1000:.1f} ms\n")


@ROUTER.get("/metrics", response_class=PlainTextResponse, responses=problems())
async def metrics(request: Request) -> Response:
    """Give the figures in Prometheus' text format; for a key that is not bound to one municipality."""
    await authorised(request, EVERY_MUNICIPALITY, Scope.OPERATOR)
    here = desk(request)
    await here.figures.refresh()
    return Response(generate_latest(here.figures.registry), media_type=CONTENT_TYPE_LATEST)
