"""Two versions of a folder, and how they differ."""

from hub.configuration import differences
from tests.configuration.folders import small, umea, written

HALL = "facilities/hall.yaml"


def test_a_folder_does_not_differ_from_itself() -> None:
    assert differences(umea(), umea()) == []


def test_layout_order_of_keys_and_comments_are_no_difference() -> None:
    assert differences({"a.yaml": "a: {b: 1, c: [x]}\n"}, {"a.yaml": "# why\na:\n  c:\n    - x\n  b: 1\n"}) == []


def test_what_changed_is_told_setting_by_setting() -> None:
    trees = small()
    hall = trees[HALL]
    hall["access"]["doors"]["OUTER"]["lead_minutes"] = 20
    hall["zones"]["court"]["levels"]["training"] = 70
    del hall["zones"]["court"]["levels"]["match"]
    hall["access"]["credential"]["pin"]["leading_zero"] = True
    trees["facilities/annex.yaml"] = "name: x"
    del trees["connections/lamps.yaml"]
    assert differences(written(small()), written(trees)) == [
        "connections/lamps.yaml: removed",
        "facilities/annex.yaml: added",
        "facilities/hall.yaml: access.credential.pin.leading_zero changed from false to true",
        "facilities/hall.yaml: access.doors.OUTER.lead_minutes changed from 15 to 20",
        "facilities/hall.yaml: zones.court.levels.match removed, was 100",
        "facilities/hall.yaml: zones.court.levels.training added: 70",
    ]


def test_values_are_told_as_they_are_written() -> None:
    assert differences({"a.yaml": "a: x\nb: null\nc: 1"}, {"a.yaml": "a: null\nb: y\nc: 1.5"}) == [
        "a.yaml: a changed from x to null",
        "a.yaml: b changed from null to y",
        "a.yaml: c changed from 1 to 1.5",
    ]


def test_a_file_that_cannot_be_read_is_only_told_to_have_changed() -> None:
    assert differences({"a.yaml": "a: 1"}, {"a.yaml": "a: ["}) == ["a.yaml: changed"]
    assert differences({"a.yaml": "a: ["}, {"a.yaml": "a: ["}) == []
    assert differences({"a.yaml": "a: 1"}, {"a.yaml": "a: 1\na: 2"}) == ["a.yaml: changed"]
