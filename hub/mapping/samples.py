"""A mapping's samples: what each means, beside what it should mean."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hub.mapping.applying import Mapping
from hub.sdk import RawItem, RejectedError


class Tried(NamedTuple):
    """One item of a file: what it means, or why it does not."""

    place: str
    source_id: str
    message: dict[str, Any] | None
    fault: str


class Difference(NamedTuple):
    """A sample that means something else than is expected. Lines as JSON."""

    sample: str
    expected: list[str]
    found: list[str]


def shipped() -> Path:
    """The folder of the mappings that come with the hub."""
    inside = Path(__file__).parents[1] / "_data" / "mappings"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "mappings"


def tried(mapping: Mapping, path: Path) -> Iterator[Tried]:
    """What the items of a file mean. Raises RejectedError: the file cannot be read any further."""
    with path.open("rb") as file:
        for item in mapping.read_file(file):
            yield _tried(mapping, item)


def _tried(mapping: Mapping, item: RawItem) -> Tried:
    if item.fault:
        return Tried(item.place, item.source_id, None, item.fault)
    try:
        (message,) = mapping.translate(item)
    except RejectedError as error:
        return Tried(item.place, item.source_id, None, str(error))
    return Tried(item.place, item.source_id, message.model_dump(mode="json", exclude_defaults=True), "")


def lines(mapping: Mapping, path: Path) -> list[str]:
    """One line of JSON for each item, as it stands in `expected/`."""
    told: list[str] = []
    try:
        told.extend(json.dumps(one._asdict(), ensure_ascii=False, sort_keys=True) for one in tried(mapping, path))
    except RejectedError as error:
        told.append(json.dumps({"refused": str(error)}, ensure_ascii=False))
    return told


def differences(mapping: Mapping, folder: Path) -> Iterator[Difference]:
    """The samples of a mapping's folder that mean something else than `expected/<sample>.ndjson` says."""
    for sample in sorted((folder / "samples").iterdir()):
        wanted = folder / "expected" / f"{sample.name}.ndjson"
        expected = wanted.read_text(encoding="utf-8").splitlines() if wanted.exists() else []
        if (found := lines(mapping, sample)) != expected:
            yield Difference(sample.name, expected, found)
