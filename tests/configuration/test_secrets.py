"""Secrets are found as late as can be, and never told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.configuration import resolve
from hub.configuration.secrets import PLACEHOLDER, is_reference
from hub.errors import ConfigurationError

SETTINGS: dict[str, object] = {"host": "a", "password": "${env:ARX_PASSWORD}", "zones": {"a": ["${env:OTHER}", 5]}}


def test_a_variable_is_put_in_its_place_however_deep() -> None:
    resolved = resolve(SETTINGS, {"ARX_PASSWORD": "p", "OTHER": "q"})
    assert resolved == {"host": "a", "password": "p", "zones": {"a": ["q", 5]}}


def test_a_file_is_read_without_the_end_of_its_last_line(tmp_path: Path) -> None:
    secret = tmp_path / "arx"
    secret.write_text("p å ss \n", encoding="utf-8")
    assert resolve({"password": f"${{file:{secret}}}"}, {}) == {"password": "p å ss "}


def test_every_secret_that_is_not_there_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"\$\{env:ARX_PASSWORD\}, \$\{env:OTHER\}; set it where the hub"):
        resolve(SETTINGS, {})


def test_a_placeholder_stands_where_no_system_is_reached(tmp_path: Path) -> None:
    settings = SETTINGS | {"ca": f"${{file:{tmp_path}/none}}"}
    assert resolve(settings, {"OTHER": "q"}, missing="placeholder") == {
        "host": "a", "password": PLACEHOLDER, "zones": {"a": ["q", 5]}, "ca": PLACEHOLDER,
    }  # fmt: skip


def test_a_secret_that_looks_like_a_reference_is_not_followed() -> None:
    assert resolve({"password": "${env:A}"}, {"A": "${env:B}", "B": "x"}) == {"password": "${env:B}"}


@given(st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.none() | st.lists(st.text()), max_size=5))
def test_settings_without_references_are_as_they_were(settings: dict[str, object]) -> None:
    if not any(
        is_reference(each) for value in settings.values() for each in (value if isinstance(value, list) else [value])
    ):
        assert resolve(settings, {}) == settings
