"""Every key of the example is taken away, misspelt and mistyped, and every reference made to dangle: each is found.

What the example has no use for stands in files that are read in its place or beside it: `whole/...`.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any, get_origin

import pytest
import yaml
from pydantic import BaseModel

from hub.configuration import Finding, check_folder, read_files
from hub.configuration.document import parse
from hub.configuration.finding import Path
from hub.configuration.shape import fields_at, kind_at
from hub.model.configuration import Duty, Municipality, PopulationDuty, RegistryDuty
from hub.model.connection import Connection, Slower
from hub.model.facility import Facility
from hub.model.frozen import Frozen
from hub.model.registering import AuthorityRule
from tests.configuration.folders import UMEA, at, load, umea, whole

WHOLE = whole()
FILES = sorted([*(path.relative_to(UMEA).as_posix() for path in UMEA.rglob("*.yaml")), *WHOLE])
WRONG = "svar"
"""A text where something else is wanted."""

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

LAMPS = ("connections/mqtt", "connections/knx", "connections/modbus")
"""Of those whose settings name their zones."""

every_file = pytest.mark.parametrize("file", FILES)


@cache
def trees() -> dict[str, Any]:
    """The values of the example, and of what goes in its place."""
    return {file: yaml.safe_load(text) for file, text in (umea() | WHOLE).items()}


def dumped(tree: Any) -> str:
    """A tree as a file."""
    text: str = yaml.dump(tree, Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
    return text


def placed(file: str) -> str:
    """Where a file stands in its folder."""
    return file.removeprefix("whole/")


def findings(changed: dict[str, str]) -> dict[tuple[str, ...], Finding]:
    """What is found in the example with some files changed, known apart from the lines, which dumping moves."""
    beside = {placed(file): text for file, text in WHOLE.items()} if any(file in WHOLE for file in changed) else {}
    texts = umea() | beside | {placed(file): text for file, text in changed.items()}
    found = read_files(texts, load_class=load).findings
    return {(each.code, each.file, each.path, each.message): each for each in found}


@cache
def before(file: str) -> frozenset[tuple[str, ...]]:
    """What is found in the folder as it is that the file is of."""
    return frozenset(findings({file: dumped(trees()[file])}))


def news(file: str, text: str) -> list[Finding]:
    """What is found only with this text in the file, in any file."""
    return [finding for key, finding in findings({file: text}).items() if key not in before(file)]


def entries(tree: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all keys below, those of list items left out."""
    for step, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        if isinstance(tree, dict):
            yield (*path, step)
        yield from entries(value, (*path, step))


def model_of(file: str) -> type[Frozen]:
    """What the file is read into."""
    models: dict[str, type[Frozen]] = {"connections": Connection, "facilities": Facility}
    return models.get(placed(file).partition("/")[0], Municipality)


def ours(file: str) -> list[Path]:
    """The keys of a file that the hub or a connector names; the others are the municipality's own."""
    tree = trees()[file]
    return [path for path in entries(tree) if path[-1] in known_beside(file, path)]


def known_beside(file: str, path: Path) -> Any:
    """The keys that may stand where the path leads, when they are not free."""
    if path[0] == "settings" and len(path) > 1:
        return fields_at(load(trees()[file]["connector"]).config_type, path[1:-1])
    return fields_at(model_of(file), path[:-1])


def without(tree: Any, path: Path) -> Any:
    """The tree less one entry."""
    copy = deepcopy(tree)
    del at(copy, *path[:-1])[path[-1]]
    return copy


def renamed(tree: Any, path: Path, name: str) -> Any:
    """The tree with one key changed, in its place."""
    copy = deepcopy(tree)
    above = at(copy, *path[:-1])
    items = [(name if key == path[-1] else key, value) for key, value in above.items()]
    above.clear()
    above.update(items)
    return copy


def changed(tree: Any, path: Path, value: object) -> Any:
    """The tree with another value."""
    copy = deepcopy(tree)
    at(copy, *path[:-1])[path[-1]] = value
    return copy


def of_another_type(value: object) -> list[object]:
    """Values that cannot be meant where this one stands."""
    match value:
        case bool() | int() | float():
            return [WRONG, [value], {"a": value}]
        case dict() | None:
            return [[WRONG], 50]
        case list():
            return [50, {"a": 1}]
    return [[value], {"a": value}, 50]


def told(file: str, tree: Any, near: Path) -> bool:
    """Whether something new is found in that file, on a line of what stands at the path, or where it should."""
    text = dumped(tree)
    root, _ = parse(text)
    assert root
    inside = {node.place.line for node in below(root.find(near)[0])}
    return any(finding.file == placed(file) and finding.line in inside for finding in news(file, text))


def below(node: Any) -> Iterator[Any]:
    """A node and all in it."""
    yield node
    for child in node.children.values():
        yield from below(child)


def test_the_example_has_no_errors() -> None:
    report = check_folder(UMEA, environment={}, load_class=load)
    assert report.ok, [str(finding) for finding in report.findings]
    assert (report.read.files, report.read.connections, report.read.resources) == (25, 18, 19)


def test_what_goes_in_its_place_has_no_errors_either() -> None:
    errors = [
        each for each in findings({file: dumped(trees()[file]) for file in WHOLE}).values() if each.severity == "error"
    ]
    assert errors == []


def kinds(model: type[BaseModel], path: Path = ()) -> Iterator[tuple[type[BaseModel], str]]:
    """Every key that the hub names in files of a kind: the type that it is a key of, and its name."""
    for name in fields_at(model, path):
        kind = kind_at(model, path)
        assert isinstance(kind, type)
        yield kind, name
        yield from kinds(model, (*path, name))
        if get_origin(kind_at(model, (*path, name))) is dict:
            yield from kinds(model, (*path, name, "any"))


def test_every_key_there_is_is_walked_below() -> None:
    walked = {(kind_at(model_of(file), path[:-1]), path[-1]) for file in FILES for path in ours(file)}
    there_is = {each for model in (Municipality, Connection, Facility) for each in kinds(model)}
    there_is -= {(duty, "connection") for duty in (Duty, PopulationDuty, RegistryDuty, AuthorityRule)}  # as `finance`
    assert there_is - walked == set(), "write them in tests/configuration/folders.py, `whole`"
    assert sum(len(ours(file)) for file in FILES) > 400


LATELY_RULED = ("is", "luft", "halvplan-a-0", "halvplan-a-1", "halvplan-b-2", "halvplan-b-3")
"""Zones with rules that others do without."""
PLAINLY_NONE = {
    ("maintenance",), ("reconcile_hours",), ("pace",),
    *(("pace", limit) for limit in Slower.model_fields),
    ("proxy",), ("ca_file",), ("client_certificate",), ("credentials_expire",), ("webhooks",),
    ("access", "credential", "pin", "alphabet"), ("access", "fallback"),
    ("population", "production"), ("population", "test_numbers"),
    ("population", "per_day"), ("population", "cache_minutes"),
    ("webhooks", "allow"), ("client_certificate", "key"), ("client_certificate", "password"),
    ("registry", "documents"), ("registry", "documents", "authorities", "Fritidsnämnden", "series"),
    ("settings", "sftp"), ("arrives", "folder"), ("arrives", "sftp"),
    ("finance", "charging", "customers", "association", "connection"),
    *(("zones", zone, *rule) for zone in LATELY_RULED for rule in (
        ("restrike_minutes",), ("only_when_dark",), ("latest_off",), ("latest_off", "evenings"), ("tail",),
        ("warning",), ("purge",), ("empty_after_minutes",), ("unbooked_after_minutes",),
    )),
    *(("sensors", *rest) for rest in (("ljus",), ("folk", "resource"), ("ljus", "lit_above"))),
    *(("zones", "is", "latest_off", "evenings", day) for day in ("friday", "sunday")),
}  # fmt: skip
"""What nobody misses who does not write it: nothing is assumed in its place."""


@every_file
def test_a_key_that_is_missing_is_told_at_what_should_hold_it(file: str) -> None:
    tree = trees()[file]
    silent = {path for path in ours(file) if not told(file, without(tree, path), path[:-1])}
    of_no_lock = set() if tree.get("connector", "").startswith("access_") else {("push_horizon_days",)}
    assert silent - PLAINLY_NONE - of_no_lock == set()


@every_file
def test_a_key_that_is_misspelt_is_told_on_its_line(file: str) -> None:
    for path in ours(file):
        wrong = f"{path[-1]}x"
        text = dumped(renamed(trees()[file], path, wrong))
        found = [each for each in news(file, text) if each.code == "unknown-key"]
        assert [(each.file, f"`{wrong}`" in each.message) for each in found] == [(placed(file), True)], path
        assert wrong in text.splitlines()[found[0].line - 1], path


@every_file
def test_a_value_of_a_wrong_type_is_told_on_its_line(file: str) -> None:
    tree = trees()[file]
    assert [
        (path, value)
        for path in ours(file)
        for value in of_another_type(at(tree, *path))
        if not (path[-1] == "settings" and isinstance(value, dict)) and not told(file, changed(tree, path, value), path)
    ] == []


def references(file: str) -> Iterator[Path]:
    """The paths of all values that name something which stands elsewhere."""
    for path in entries(trees()[file]):
        value = at(trees()[file], *path)
        if path[-1] in ("connection", "connector") or (path[0] == "zones" and path[-1] == "key" and served(file, path)):
            yield path
        if path[-1] == "mapping":
            yield path
        if path[-1] in ("serves", "parts", "resources") and isinstance(value, list):
            yield from ((*path, number) for number in range(len(value)))


def served(file: str, path: Path) -> bool:
    """Whether the zone has a connection."""
    return "connection" in at(trees()[file], *path[:-1])


@every_file
def test_a_reference_that_dangles_is_told_on_its_line(file: str) -> None:
    tree = trees()[file]
    paths = list(references(file))
    assert [path for path in paths if not told(file, changed(tree, path, f"{at(tree, *path)}x"), path)] == []


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_facility_that_a_role_is_told_of_elsewhere_and_that_is_not_there_is_told_on_its_line(channel: str) -> None:
    file, path = "whole/municipality.yaml", ("notify", "vaktmastare", channel, "by_facility", "konstgras")
    assert told(file, renamed(trees()[file], path, "konstgrass"), (*path[:-1], "konstgrass"))


def referred(file: str) -> dict[str, Path]:
    """Every resource that something in its facility names, and one place of the naming."""
    lists = [path for path in references(file) if path[-2] in ("serves", "parts")]
    return {at(trees()[file], *path): path for path in lists}


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("facilities/")])
def test_a_resource_that_is_renamed_or_gone_is_told_where_it_is_named(file: str) -> None:
    tree = trees()[file]
    for name, path in referred(file).items():
        key: Path = ("resources", name)
        assert told(file, renamed(tree, key, f"{name}x"), path), name
        assert told(file, without(tree, key), path if len(tree["resources"]) > 1 else ("resources",)), name


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith(LAMPS)])
def test_a_zone_that_is_renamed_or_gone_from_its_settings_is_told_where_it_is_named(file: str) -> None:
    tree = trees()[file]
    for zone in tree["settings"]["zones"]:
        key: Path = ("settings", "zones", zone)
        for gone in (renamed(tree, key, f"{zone}x"), without(tree, key)):
            assert any(
                f"`{zone}`" in each.message or each.path == "settings.zones" for each in news(file, dumped(gone))
            ), zone


@pytest.mark.parametrize("file", [one for one in FILES if one.startswith("connections/") and "dak" not in one])
def test_a_connection_whose_file_is_gone_is_told_wherever_it_is_named(file: str) -> None:
    name = file.removeprefix("connections/").removesuffix(".yaml")
    others = [other for other in FILES if other not in WHOLE]
    uses = [(other, path) for other in others for path in references(other) if at(trees()[other], *path) == name]
    found = read_files({other: text for other, text in umea().items() if other != file}, load_class=load).findings
    dangling = {(each.file, each.path) for each in found if each.code == "unknown-connection"}
    assert dangling == {(other, ".".join(map(str, path))) for other, path in uses}
    assert uses


@every_file
def test_a_line_in_the_example_as_written_is_right(file: str) -> None:
    text = (umea() | WHOLE)[file]
    lines, (root, _) = text.splitlines(), parse(text)
    assert root
    for path in entries(trees()[file]):
        place = root.place_of(path)
        assert lines[place.line - 1][place.column - 1 :].strip("\"'").startswith(str(path[-1]))
