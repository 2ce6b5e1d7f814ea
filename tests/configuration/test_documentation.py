"""docs/configuration.md says what the code does."""

import re
from pathlib import Path

import hub.configuration
from hub.configuration.tables import BLOCK, SHAPES, filled

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "configuration.md"
CODE = re.compile(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"')
ENCODINGS = {"utf-8", "utf-8-sig"}


def test_the_tables_of_settings_are_those_of_the_types() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == filled(text), "docs/configuration.md differs from the types: make generate"


def test_every_type_of_the_folder_has_its_table() -> None:
    documented = {found[2] for found in BLOCK.finditer(DOCUMENT.read_text(encoding="utf-8"))}
    assert documented == SHAPES.keys() - {"Frozen", "Configuration"}


def test_every_setting_is_described() -> None:
    for kind in SHAPES.values():
        assert [name for name, field in kind.model_fields.items() if not field.description] == [], kind


def test_every_code_is_documented_and_every_documented_code_is_used() -> None:
    sources = Path(hub.configuration.__file__).parent.glob("*.py")
    used = {code for path in sources for code in CODE.findall(path.read_text(encoding="utf-8"))} - ENCODINGS | {
        "unserved"
    }
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (?:error|warning) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(used)
