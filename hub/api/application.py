"""The web application: routers, errors, what surrounds every request, and documentation that needs no internet."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from pydantic.json_schema import models_json_schema
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from hub.api import (
    applying,
    audit,
    bookings,
    closures,
    deliveries,
    documents,
    doors,
    energy,
    events,
    health,
    incoming,
    installation,
    ledger,
    operating,
    persons,
    problems,
    reconciling,
    subscriptions,
    verifying,
)
from hub.api.around import Around
from hub.api.direct import DirectPut
from hub.api.documented import problems as answers
from hub.api.parameters import only_known
from hub.api.traced import Traced
from hub.api.walled import Walled
from hub.model.answers import ImportLine, ProblemDetails
from hub.model.booking import Booking
from hub.model.registering import DocumentToRegister
from hub.service.process.meters import Meters
from hub.service.process.tracing import Tracing

_PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own spans hold addresses, queries and texts of errors: numbers of persons stand in them."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_DESCRIPTION = (
    "The hub between a municipality's booking system and its access, lighting and other systems. "
    "Authorization: Bearer everywhere but health. Errors are application/problem+json with a stable code."
)


def create_api(
    lifespan: Lifespan | None = None, meters: Meters | None = None, tracing: Tracing | None = None
) -> FastAPI:
    """Make the application; its lifespan sets `app.state.desk`."""
    app = FastAPIOffline(
        title="Knutpunkt",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url="/docs",
        redoc_url=None,
        separate_input_output_schemas=False,
        telemetry=_NO_TELEMETRY,
    )
    problems.install(app)
    for router in (
        installation.ROUTER,
        bookings.ROUTER,
        closures.ROUTER,
        events.ROUTER,
        subscriptions.ROUTER,
        operating.ROUTER,
        doors.ROUTER,
        energy.ROUTER,
        deliveries.ROUTER,
        ledger.ROUTER,
        documents.ROUTER,
        applying.ROUTER,
        incoming.ROUTER,
        persons.ROUTER,
        verifying.ROUTER,
        audit.ROUTER,
        reconciling.ROUTER,
    ):
        app.include_router(router, dependencies=[Depends(only_known)])
    app.include_router(health.ROUTER)
    inner, known = app.build_middleware_stack, meters or Meters()

    def stack() -> ASGIApp:
        """Ours around what comes with the framework, which a booking put does not pass: `Around` answers our faults."""
        framework = inner()
        assert isinstance(framework, ServerErrorMiddleware)  # noqa: S101 - it would answer them with a text
        outer = Around(Walled(DirectPut(framework.app)), meters=known)
        return outer if tracing is None else Traced(outer, tracing=tracing)

    app.build_middleware_stack = stack  # type: ignore[method-assign]
    plain = app.openapi
    app.openapi = lambda: _with_bodies(plain())  # type: ignore[method-assign]
    return app


def create_health(lifespan: Lifespan, meters: Meters) -> FastAPI:
    """Make the application of a process that serves nobody."""
    app = FastAPI(title="Knutpunkt", lifespan=lifespan, openapi_url=None, telemetry=_NO_TELEMETRY)
    problems.install(app)
    app.include_router(health.ROUTER)
    app.add_middleware(Around, meters=meters)
    return app


def _with_bodies(document: dict[str, Any]) -> dict[str, Any]:
    """Add the models of bodies that are read by hand, and tell that every error is a problem."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    if "Booking" not in schemas or "ProblemDetails" not in schemas:
        models = [(model, "validation") for model in (Booking, DocumentToRegister, ProblemDetails, ImportLine)]
        _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
        for name, schema in found["$defs"].items():
            schemas.setdefault(name, schema)
    for operation in (one for path in document["paths"].values() for one in path.values()):
        if "parameters" in operation or "requestBody" in operation or "security" in operation:
            operation["responses"].setdefault("400", answers("unknown-parameter")[400])
        if "requestBody" in operation:
            operation["responses"].setdefault("415", answers("wrong-content-type")[415])
        if "422" in operation["responses"]:
            operation["responses"]["422"]["content"] = {problems.MEDIA_TYPE: {"schema": _PROBLEM}}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document
