"""What refers across a facility and across files."""

from typing import Any

import pytest

from hub.configuration import read_files
from tests.configuration.folders import load_stub, read, small, the_error, the_warning, with_code, written

HALL = "facilities/hall.yaml"


def test_the_small_folder_is_right_and_only_its_duties_are_unserved() -> None:
    found = read(small())
    assert found.ok
    assert [(each.code, each.file) for each in found.findings] == [("unserved", "municipality.yaml")] * 4
    assert found.required() == found.configuration
    assert (found.counts.files, found.counts.facilities, found.counts.resources) == (4, 1, 3)


@pytest.mark.parametrize(
    "path, key",
    [(("access", "doors", "OUTER"), "serves"), (("zones", "court"), "serves"), (("resources", "hall.whole"), "parts")],
)
def test_a_resource_that_is_not_there_is_told_with_the_nearest(path: tuple[str, ...], key: str) -> None:
    trees = small()
    holder: Any = trees[HALL]
    for step in path:
        holder = holder[step]
    holder[key] = ["hall.court", "hall.cort"]
    error = the_error(read(trees), "unknown-resource")
    assert error.message == "no resource `hall.cort` here: did you mean `hall.court`?"
    assert error.path == ".".join((*path, key, "1"))


def another_hall(trees: dict[str, Any]) -> dict[str, Any]:
    """A second facility like the first, in the same folder; gives its tree."""
    other: dict[str, Any] = small()[HALL]
    renamed = {key.replace("hall.", "annex."): value for key, value in other["resources"].items()}
    renamed["annex.whole"]["parts"] = ["annex.court"]
    other["resources"] = renamed
    other["access"]["doors"]["OUTER"] |= {"key": "annex", "serves": "all"}
    other["zones"] = {}
    trees["facilities/annex.yaml"] = other
    return other


def test_a_part_in_another_facility_is_told_where_it_stands() -> None:
    trees = small()
    another_hall(trees)["resources"]["annex.whole"]["parts"] = ["hall.court"]
    assert "stands in facilities/hall.yaml" in the_error(read(trees), "unknown-resource").message


def test_an_id_begins_with_its_facility() -> None:
    trees = small()
    trees[HALL]["resources"]["annex.court"] = {"name": "Bana", "kind": "place", "parts": []}
    error = the_error(read(trees), "foreign-id")
    assert error.message == "`annex.court` must begin with `hall.`, as the file does"


def test_parts_that_go_in_a_circle_are_told() -> None:
    trees = small()
    trees[HALL]["resources"]["hall.court"]["parts"] = ["hall.whole"]
    assert {each.path for each in with_code(read(trees), "circular-parts")} == {
        "resources.hall.whole.parts",
        "resources.hall.court.parts",
    }


def test_equipment_has_no_parts() -> None:
    trees = small()
    trees[HALL]["resources"]["hall.machine"]["parts"] = ["hall.court"]
    assert the_error(read(trees), "equipment-parts").path == "resources.hall.machine.parts"


def test_a_place_that_no_door_serves_is_warned_of_and_a_whole_is_served_through_its_parts() -> None:
    trees = small()
    trees[HALL]["resources"]["hall.loft"] = {"name": "Loftet", "kind": "place", "parts": []}
    assert the_warning(read(trees), "no-door").path == "resources.hall.loft"


def test_a_connection_that_is_not_there_is_told_with_the_nearest() -> None:
    trees = small()
    trees[HALL]["access"]["connection"] = "lockz"
    found = read(trees)
    assert the_error(found, "unknown-connection").message == ("no file connections/lockz.yaml: did you mean `locks`?")
    assert [each.file for each in with_code(found, "unused-connection")] == ["connections/locks.yaml"]


def test_a_connection_whose_own_file_is_wrong_does_not_dangle_as_well() -> None:
    trees = small()
    trees["connections/locks.yaml"]["mode"] = "dead"
    found = read(trees)
    assert the_error(found, "wrong-value").file == "connections/locks.yaml"
    assert found.configuration is None


def test_two_zones_of_one_key_are_refused_wherever_they_stand() -> None:
    trees = small()
    another_hall(trees)["zones"] = {"light": small()[HALL]["zones"]["court"] | {"serves": "all"}}
    error = the_error(read(trees), "doubled-zone")
    assert error.file == HALL
    assert "facilities/annex.yaml:" in error.message


def test_a_door_written_twice_is_refused_and_one_shared_by_two_facilities_is_asked_about() -> None:
    trees = small()
    doors = trees[HALL]["access"]["doors"]
    doors["INNER"] = doors["OUTER"] | {"lead_minutes": 30}
    assert "write it once" in the_error(read(trees), "doubled-door").message

    trees = small()
    another_hall(trees)["access"]["doors"]["OUTER"]["key"] = "outer"
    assert "is it one and the same?" in the_warning(read(trees), "shared-door").message


def test_what_has_no_connection_is_one_warning_for_each_facility_and_capability() -> None:
    trees = small()
    hall = trees[HALL]
    del hall["access"]["connection"]
    hall["zones"] |= {
        name: {key: value for key, value in hall["zones"]["court"].items() if key != "connection"}
        for name in ("a", "b")
    }
    unserved = [each for each in with_code(read(trees), "unserved") if each.file == HALL]
    assert [(each.path, each.message.partition(";")[0]) for each in unserved] == [
        ("access", "access is unserved (`access`)"),
        ("zones.a", "lighting is unserved (2 of 3, `a`, `b`)"),
    ]


@pytest.mark.parametrize("key", ["retention", "finance", "registry", "population", "notify", "booker"])
def test_what_the_municipality_leaves_out_is_told_with_what_follows(key: str) -> None:
    trees = small()
    del trees["municipality.yaml"][key]
    warning = the_warning(read(trees), "left-out")
    assert warning.message.startswith(f"`{key}` is left out: ")
    assert (warning.file, warning.line) == ("municipality.yaml", 1)


@pytest.mark.parametrize("key", ["access", "zones"])
def test_a_facility_says_when_it_has_no_doors_or_zones(key: str) -> None:
    trees = small()
    del trees[HALL][key]
    assert the_warning(read(trees), "left-out").message.startswith(f"`{key}` is left out: ")
    trees[HALL][key] = None if key == "access" else {}
    assert with_code(read(trees), "left-out") == []


def test_a_place_says_that_it_has_no_parts_and_equipment_need_not() -> None:
    trees = small()
    del trees[HALL]["resources"]["hall.court"]["parts"]
    assert the_warning(read(trees), "left-out").path == "resources.hall.court"


def test_a_folder_without_files_is_read_as_none() -> None:
    assert the_error(read({}), "read-none").message.startswith("read none")


def test_a_folder_without_its_municipality_is_refused() -> None:
    trees = small()
    del trees["municipality.yaml"]
    assert the_error(read(trees), "missing-file").file == "municipality.yaml"


@pytest.mark.parametrize("name", ["connections/locks.yml", "conections/locks.yaml", "facilities/a/b.yaml", "notes.txt"])
def test_a_file_that_is_not_read_is_warned_of(name: str) -> None:
    found = read_files(written(small()) | {name: "a: 1"}, load_class=load_stub)
    assert the_warning(found, "unknown-file").file == name


@pytest.mark.parametrize("name", ["Hall", "hall_a", "hall.a", "-", "å"])
def test_a_file_name_is_a_name(name: str) -> None:
    trees = small()
    trees[f"connections/{name}.yaml"] = trees["connections/lamps.yaml"]
    assert the_error(read(trees), "file-name").file == f"connections/{name}.yaml"
