"""The events as an AsyncAPI document, and as a table: what is told, about what, with which data.

Source: AsyncAPI specification 3.0.0, read 2026-11-21.
"""

from typing import Any

from pydantic.json_schema import models_json_schema

from hub.model.event_data import EVENTS
from hub.model.events import Envelope, EventType

_FEED = "/v1/{municipality}/events/stream"
_DESCRIPTION = (
    "What happens in the hub, as CloudEvents 1.0 in JSON. The same events come as pages (GET /events), as a stream "
    "(GET /events/stream) and to subscribers (PUT /subscriptions/{name}), at least once, in order for each subject."
)


def document() -> dict[str, Any]:
    """The AsyncAPI document."""
    names = {type_: _name(type_) for type_ in EVENTS}
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in names.values()}
    parameters = {"municipality": {"description": "kommunkod, or a short name"}}
    stream = {"address": _FEED, "title": "Event feed", "messages": messages, "parameters": parameters}
    webhook = {"address": None, "title": "Webhook", "messages": messages}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Knutpunkt", "version": "1", "description": _DESCRIPTION},
        "defaultContentType": "application/cloudevents+json",
        "channels": {"feed": stream, "webhook": webhook},
        "operations": {
            "tellFeed": {"action": "send", "channel": {"$ref": "#/channels/feed"}, "summary": "Server-Sent Events"},
            "tellSubscriber": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhook"},
                "summary": "POST to a subscriber's address, signed as Standard Webhooks",
            },
        },
        "components": {"messages": {name: _message(type_) for type_, name in names.items()}, "schemas": _schemas()},
    }


def _name(type_: EventType) -> str:
    """`booking.accepted` is `bookingAccepted`."""
    first, *rest = type_.replace("_", ".").split(".")
    return first + "".join(part.title() for part in rest)


def _message(type_: EventType) -> dict[str, Any]:
    told = EVENTS[type_]
    data = {"$ref": f"#/components/schemas/{told.data.__name__}"}
    said = {
        "properties": {"type": {"const": type_.value}, "subject": {"description": f"the {told.subject}"}, "data": data}
    }
    return {
        "name": type_.value,
        "title": told.summary,
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, said]},
    }


def _schemas() -> dict[str, Any]:
    models = dict.fromkeys([Envelope, *(told.data for told in EVENTS.values())])
    wanted = [(model, "validation") for model in models]
    _, found = models_json_schema(wanted, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def table() -> str:
    """The events as a page of documentation."""
    rows = []
    for type_, told in EVENTS.items():
        fields = ", ".join(f"`{name}`" for name in told.data.model_fields)
        rows.append(f"| `{type_}` | {told.summary} | {told.subject} | {fields} |")
    fields = "\n".join(_fields())
    return (
        "# Events\n\nGenerated from `hub/model/event_data.py`; for programs: `schemas/canonical/asyncapi.json`.\n\n"
        f"{_DESCRIPTION}\n\nNo event holds a person or a code: look the booking up.\n\n"
        "| type | what it tells | subject | data |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        f"## Data\n\n| field | of | what it is |\n|---|---|---|\n{fields}\n"
    )


def _fields() -> list[str]:
    models = {told.data.__name__: told.data for told in EVENTS.values()}
    return [
        f"| `{name}` | {model} | {field.description} |"
        for model, kind in models.items()
        for name, field in kind.model_fields.items()
    ]
