"""docs/importing.md is true: its mappings can be read, and it names every key and every field."""

import re
from pathlib import Path

from hub.calendars import CalendarOptions, TableMapping, read_mapping
from hub.calendars.mapping import FIELDS, read_options
from tests.calendars.text import SAMPLES

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")


def example(kind: str) -> str:
    found = re.search(rf"```yaml {kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def test_the_calendars_mapping_can_be_read_and_says_every_key() -> None:
    assert read_options(example("calendar")).model_fields_set == set(CalendarOptions.model_fields)


def test_the_tables_mapping_can_be_read_and_every_key_is_told_of() -> None:
    mapping = read_mapping(example("table"))
    assert set(mapping.columns.items()) < set(read_mapping((SAMPLES / "lokalbokning.yaml").read_text()).columns.items())
    assert [key for key in TableMapping.model_fields if key not in example("table")] == []


def test_every_field_of_a_table_is_named() -> None:
    assert [name for name in FIELDS if f"`{name}`" not in PAGE] == []
