"""What is said of errors that were not foreseen."""

import pytest

from hub.masking import place_of


def _fails() -> None:
    try:
        dict[str, str]()["Lena Norberg"]
    except KeyError as error:
        msg = "no 194107081112"
        raise ValueError(msg) from error


def test_an_errors_place_is_told_and_that_of_its_cause_and_no_text() -> None:
    with pytest.raises(ValueError, match="no 1941") as raised:
        _fails()
    told = place_of(raised.value)
    assert told.startswith("ValueError < tests/test_masking.py:")
    assert "; from KeyError < tests/test_masking.py:" in told
    assert "Norberg" not in told
    assert "1941" not in told
