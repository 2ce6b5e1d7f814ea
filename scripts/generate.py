"""Writes every generated file anew, or says which ones have drifted: JSON Schemas, OpenAPI, and tables in docs/.

python scripts/generate.py            # write
python scripts/generate.py --check    # exit 1 when a file differs
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from hub.api import asyncapi
from hub.api.application import create_api
from hub.api.problems import CODES
from hub.certifying import matrix
from hub.certifying.certificate import read_quality
from hub.certifying.rules import TIERS
from hub.configuration.tables import filled
from hub.discovery import load_connector
from hub.model import (
    answers,
    attendance,
    booking,
    changes,
    configuration,
    credential,
    document,
    invoice,
    notice,
    observation,
    passage,
    person,
    registering,
    standing,
    verified,
    zone,
)
from hub.model.events import Envelope
from hub.model.states import DELIVERY_MOVES, EFFECT_MOVES, RECORD_MOVES
from hub.service.words.remedies import codes, remedy

ROOT = Path(__file__).parent.parent
CANONICAL = "schemas/canonical"

MODELS: dict[str, type[BaseModel]] = {
    "attendance": attendance.Attendance,
    "booking": booking.Booking,
    "booking-answer": answers.BookingAnswer,
    "booking-view": answers.BookingView,
    "changes-file": changes.ChangesFile,
    "configuration": configuration.Configuration,
    "credential": credential.Credential,
    "document": document.Document,
    "document-answer": registering.DocumentAnswer,
    "document-to-register": registering.DocumentToRegister,
    "delivery": standing.DeliveryAnswer,
    "event": Envelope,
    "import-line": answers.ImportLine,
    "import-summary": answers.ImportSummary,
    "invoice": invoice.Invoice,
    "notice": notice.Notice,
    "person": person.Person,
    "person-changed": changes.PersonChanged,
    "person-lookup": person.PersonLookup,
    "observation": observation.Observation,
    "passage": passage.Passage,
    "problem": standing.ProblemAnswer,
    "problem-details": answers.ProblemDetails,
    "readiness": standing.Readiness,
    "resource": standing.ResourceAnswer,
    "verified": verified.Verified,
    "zone": zone.Zone,
}


def generated() -> Iterator[tuple[str, str]]:
    """Every generated file: its path from the root, and its text."""
    for name, model in MODELS.items():
        schema = TypeAdapter(model).json_schema(mode="validation")
        yield f"{CANONICAL}/{name}.schema.json", _json({"$schema": _DIALECT, "$id": f"urn:knutpunkt:{name}", **schema})
    yield f"{CANONICAL}/openapi.json", _json(create_api().openapi())
    yield f"{CANONICAL}/asyncapi.json", _json(asyncapi.document())
    yield "docs/events.md", asyncapi.table()
    yield "docs/states.md", _states()
    yield "docs/errors.md", _errors()
    yield "docs/matrix.md", _matrix()
    yield "docs/configuration.md", filled((ROOT / "docs/configuration.md").read_text(encoding="utf-8"))


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _matrix() -> str:
    """Our own connectors; a stranger's has its own certificate."""
    mine = {path.parent.name: path.parent for path in sorted((ROOT / "connectors").glob("*/quality.toml"))}
    exempt = {name: _exempt(read_quality(folder)) for name, folder in mine.items()}
    return matrix.table({name: load_connector(name) for name in mine}, exempt)


def _exempt(quality: dict[str, Any]) -> list[str]:
    return [f"`{rule}`" for tier in TIERS for rule, said in quality[tier].items() if isinstance(said, dict)]


def _states() -> str:
    sets: tuple[tuple[str, Mapping[Any, Iterable[str]]], ...] = (
        ("Standing effects", EFFECT_MOVES),
        ("Records", RECORD_MOVES),
        ("Deliveries", DELIVERY_MOVES),
    )
    parts = ["# States\n\nThree closed sets and their legal moves. Generated from `hub/model/states.py`.\n"]
    for title, moves in sets:
        rows = "\n".join(f"| {state} | {', '.join(sorted(to)) or 'nothing: it stays'} |" for state, to in moves.items())
        parts.append(f"## {title}\n\n| from | to |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def _errors() -> str:
    errors = "\n".join(f"| `{code}` | {status} | {title} |" for code, (status, title) in CODES.items())
    problems = "\n".join(f"| `{code}` | {remedy(code).title} | {remedy(code).remedy} |" for code in sorted(codes()))
    return (
        "# Errors and problems\n\nGenerated from `hub/api/problems.py` and `hub/service/words/remedies/`.\n\n"
        "An error is told to a caller, as `application/problem+json` with a stable `code`.\n\n"
        f"| code | status | title |\n|---|---|---|\n{errors}\n\n"
        "A problem is told to an operator: one cause that stops deliveries, however many wait behind it.\n\n"
        f"| code | title | what to do |\n|---|---|---|\n{problems}\n"
    )


def main() -> int:
    """Write, or check."""
    check = "--check" in sys.argv[1:]
    drifted = [path for path, text in generated() if _differs(ROOT / path, text, write=not check)]
    for path in drifted:
        print(f"{path}: {'differs; run make generate and commit it' if check else 'written'}")
    return 1 if check and drifted else 0


def _differs(path: Path, text: str, *, write: bool) -> bool:
    differs = not path.exists() or path.read_text(encoding="utf-8") != text
    if differs and write:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return differs


if __name__ == "__main__":
    sys.exit(main())
