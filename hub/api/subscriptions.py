"""Subscriptions: webhooks, made, changed, paused, given new secrets and replayed; and what became of each event."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query
from fastapi.responses import Response

from hub.api.auth import require
from hub.api.desk import Desk, desk
from hub.api.documented import problems
from hub.model.subscription import (
    AttemptPage,
    ReplayRequest,
    SubscriptionAnswer,
    SubscriptionRequest,
    SubscriptionSecret,
)
from hub.service.keeping.keys import Scope

ROUTER = APIRouter(
    prefix="/v1/{municipality}",
    tags=["subscriptions"],
    dependencies=[Depends(require(Scope.SUBSCRIPTIONS_WRITE))],
    responses=problems("not-found", "invalid-request"),
)

_Here = Annotated[Desk, Depends(desk)]
_Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="small letters, digits and hyphens")]


@ROUTER.put(
    "/subscriptions/{name}",
    responses=problems("invalid-subscription", "invalid-request", "too-large", "too-many-subscriptions")
    | {201: {"model": SubscriptionAnswer, "description": "Made; its secret is told here and never again"}},
)
async def put_subscription(
    municipality: str, name: _Name, wanted: Annotated[SubscriptionRequest, Body()], here: _Here, response: Response
) -> SubscriptionAnswer:
    """Make a subscription, to be told of what happens from now on, or change it: what waits goes to the new address."""
    answer, made = await here.subscribing.put(municipality, name, wanted)
    response.status_code = 201 if made else 200
    return answer


@ROUTER.get("/subscriptions")
async def list_subscriptions(municipality: str, here: _Here) -> list[SubscriptionAnswer]:
    """List subscriptions, and how each is."""
    return await here.subscribing.listed(municipality)


@ROUTER.get("/subscriptions/{name}")
async def get_subscription(municipality: str, name: _Name, here: _Here) -> SubscriptionAnswer:
    """Give one subscription."""
    return await here.subscribing.one(municipality, name)


@ROUTER.delete("/subscriptions/{name}", status_code=204)
async def delete_subscription(municipality: str, name: _Name, here: _Here) -> None:
    """Delete a subscription with what waits for it, and its log."""
    await here.subscribing.remove(municipality, name)


@ROUTER.post("/subscriptions/{name}:pause")
async def pause_subscription(municipality: str, name: _Name, here: _Here) -> SubscriptionAnswer:
    """Let events wait."""
    return await here.subscribing.set_paused(municipality, name, paused=True)


@ROUTER.post("/subscriptions/{name}:resume")
async def resume_subscription(municipality: str, name: _Name, here: _Here) -> SubscriptionAnswer:
    """Send what has waited, and go on, also after a 410; one that runs tries at once what has failed."""
    return await here.subscribing.set_paused(municipality, name, paused=False)


@ROUTER.post("/subscriptions/{name}:rotate")
async def rotate_secret(municipality: str, name: _Name, here: _Here) -> SubscriptionSecret:
    """Make a new secret. For a day what is sent carries two signatures, by the new one and by the old."""
    return await here.subscribing.rotate(municipality, name)


@ROUTER.post("/subscriptions/{name}:replay", responses=problems("invalid-cursor", "cursor-gone", "too-large"))
async def replay_subscription(
    municipality: str, name: _Name, wanted: Annotated[ReplayRequest, Body()], here: _Here
) -> SubscriptionAnswer:
    """Send all events after a cursor again, with the ids that they had."""
    return await here.subscribing.replay(municipality, name, wanted.after)


@ROUTER.get("/subscriptions/{name}/deliveries")
async def list_subscription_deliveries(
    municipality: str,
    name: _Name,
    here: _Here,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="the `next` of an earlier page")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AttemptPage:
    """Tell what was sent and what came of it, the latest first; 90 days and 20,000 attempts back."""
    return await here.subscribing.deliveries(municipality, name, before=before, limit=limit)
