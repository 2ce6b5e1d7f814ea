"""The API as a whole: its document, its codes, its ids, and documentation without the internet."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIRouter
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import hub.api
from hub.api import problems
from hub.api.application import create_api
from hub.delivery.loop import carrying
from hub.service.words import remedies
from tests.api.site import Site
from tests.builders import raw_booking

HUB = Path(problems.__file__).parents[1]
ROOT = HUB.parent
SOURCES_OF_REMEDIES = [one.read_text() for one in Path(remedies.__file__).parent.glob("*.py")]
DOCUMENT: dict[str, Any] = create_api().openapi()


def sources(*rooms: str) -> str:
    return "\n".join(path.read_text() for room in rooms for path in sorted((HUB / room).rglob("*.py")))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def resolved(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref" and isinstance(value, str))
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


# ---------------------------------------------------------------- the document


def test_every_route_is_in_the_document() -> None:
    rooms = [importlib.import_module(f"hub.api.{room.name}") for room in pkgutil.iter_modules(hub.api.__path__)]
    routes = {
        (route.path_format, method.lower())
        for room in rooms
        for route in getattr(room, "ROUTER", APIRouter()).routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods or ()
    }
    assert routes == {(path, method) for path, method, _ in operations()}
    assert ("/v1/{municipality}/bookings/{number}", "put") in routes
    assert len(routes) > 15


def test_every_reference_in_the_document_leads_somewhere() -> None:
    led = [resolved(reference) for reference in references(DOCUMENT)]
    assert len(led) > 20


def test_every_schema_in_the_document_is_one() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema, name


def test_every_operation_says_what_it_is_and_what_it_answers() -> None:
    for path, method, operation in operations():
        assert operation.get("description") or operation.get("summary"), (method, path)
        assert any(status.startswith("2") for status in operation["responses"]), (method, path)
        for status, response in operation["responses"].items():
            assert response["description"], (method, path, status)


def test_every_operation_but_health_says_that_it_needs_a_key() -> None:
    open_ = {path for path, _, operation in operations() if "401" not in operation["responses"]}
    assert open_ == {"/healthz", "/readyz"}


def test_every_error_in_the_document_is_a_problem() -> None:
    for path, method, operation in operations():
        for status, response in operation["responses"].items():
            if status[0] in "45" and "content" in response:
                assert set(response["content"]) == {problems.MEDIA_TYPE}, (method, path, status)


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)


def test_the_bookings_schema_takes_the_contracts_booking_and_refuses_another() -> None:
    schema = {"$ref": "#/components/schemas/Booking", "components": DOCUMENT["components"]}
    validator = Draft202012Validator(schema)
    assert list(validator.iter_errors(raw_booking())) == []
    assert list(validator.iter_errors(raw_booking(colour="red")))
    assert list(validator.iter_errors(raw_booking(revision=0)))


def test_answers_are_as_the_document_says(site: Site) -> None:
    put = site.put()
    checks = {"BookingAnswer": put.json(), "BookingView": site.get("/bookings/B-1").json()}
    checks |= {"BookingPage": site.get("/bookings").json(), "Readiness": site.get("/readiness").json()}
    checks |= {"DeliveryPage": site.operate("GET", "/deliveries").json()}
    checks |= {"ProblemDetails": site.get("/bookings/B-9").json(), "StatusAnswer": site.get("/status").json()}
    for name, told in checks.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(told)] == [], name


# ---------------------------------------------------------------- codes


def test_every_code_that_the_code_names_has_a_status_and_a_title() -> None:
    """But for those of backups, of traces and of whole configurations, which only the command line tells."""
    told = sources("api", "service")
    for name in ("keeping/backups", "process/tracing", "governing/configuring"):
        told = told.replace((HUB / "service" / f"{name}.py").read_text(encoding="utf-8"), "")
    named = set(re.findall(r'(?:ProblemError|RefusedError|problem)\(\s*"([a-z-]+)"', told))
    assert len(named) > 8
    assert named <= set(problems.CODES)


def test_every_code_is_documented() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    assert [code for code in problems.CODES if f"`{code}`" not in text] == []


def test_every_cause_of_a_problem_has_its_remedy_in_two_languages() -> None:
    causes = set(re.findall(r'Cause\(\s*"([a-z-]+)"', sources("delivery", "service", "intake")))
    assert carrying.UNREACHABLE.code in causes
    assert causes <= remedies.codes()
    said = sources("delivery", "service", "model", "store", "intake")
    for table in SOURCES_OF_REMEDIES:
        said = said.replace(table, "")
    assert [code for code in remedies.codes() if f'"{code}"' not in said] == []
    for code in remedies.codes():
        assert remedies.remedy(code, "sv") != remedies.remedy(code, "en")


@pytest.mark.parametrize("code", sorted(problems.CODES))
def test_a_code_keeps_its_shape(code: str) -> None:
    told = problems.problem(code)
    assert 400 <= told.status < 600
    assert told.type == f"urn:knutpunkt:problem:{code}"
    assert told.title[0].isupper()


# ---------------------------------------------------------------- every answer


@pytest.mark.parametrize("path", ["/healthz", "/v1/2480/bookings", "/nothing", "/v1/2480/bookings/B-9"])
def test_a_callers_request_id_is_kept(shared: Site, path: str) -> None:
    answer = shared.client.get(path, headers={"X-Request-Id": "core-4711"})
    assert answer.headers.get_list("x-request-id") == ["core-4711"]


@pytest.mark.parametrize("told", ["", "x" * 129, None])
def test_without_a_fitting_one_a_request_gets_an_id_of_its_own(shared: Site, told: str | None) -> None:
    headers = {} if told is None else {"X-Request-Id": told}
    first, second = (shared.client.get("/healthz", headers=headers).headers["x-request-id"] for _ in range(2))
    assert first != second
    assert re.fullmatch(r"[0-9a-f]{16,}", first)


def test_health_needs_no_key(shared: Site) -> None:
    assert shared.client.get("/healthz").text == "ok\n"
    assert shared.client.get("/readyz").status_code == 200


def test_a_key_shows_which_municipalities_it_is_for(shared: Site) -> None:
    answer = shared.client.get("/v1", headers={"Authorization": f"Bearer {shared.core}"})
    assert answer.json()["municipalities"] == ["2480"]


def test_the_documentation_needs_no_other_host(shared: Site) -> None:
    page = shared.client.get("/docs")
    assert page.status_code == 200
    hosts = set(re.findall(r"(?:src|href)=[\"'](?:https?:)?//([^/\"']+)", page.text))
    assert hosts == set()
    for path in re.findall(r"(?:src|href)=[\"'](/[^\"']+)", page.text):
        assert shared.client.get(path).status_code == 200, path


def test_the_document_is_served_as_it_is_made(shared: Site) -> None:
    assert shared.client.get("/v1/openapi.json").json() == DOCUMENT
