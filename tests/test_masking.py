"""What is said of errors that were not foreseen."""

import pytest

from hub.masking import place_of, pointed, quoted


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


@pytest.mark.parametrize("word", ["B-1", "hallen.bana-1", "core", "a/b:c_d~e"])
def test_what_may_be_a_name_of_ours_is_told_back(word: str) -> None:
    assert quoted(word) == f"'{word}'"


@pytest.mark.parametrize(
    "word",
    ["Lena Norberg", "Åkesson", "lena@brev.example", "194107081112", "19410708-1112", "b-410708-1112", "", "x" * 129],
)
def test_what_may_be_somebody_is_not(word: str) -> None:
    assert quoted(word) == "'********'"


def test_a_pointer_names_fields_and_nothing_that_may_be_somebody() -> None:
    assert pointed(["customer", "name"]) == "/customer/name"
    assert pointed(["occasions", 0, "a/b~c"]) == "/occasions/0/a~1b~0c"
    assert pointed(["customer", "194107081112", "Åsa Öberg", "lena@brev.example"]) == "/customer" + "/********" * 3
    assert pointed([]) == ""
