"""YAML texts: what they are read as, where each value stands, and how bad ones are refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.configuration.document import Node, parse
from hub.configuration.finding import Place

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGE_BOMB = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)


def value(text: str) -> object:
    """What a good text is read as."""
    node, flaws = parse(text)
    assert node
    assert flaws == ()
    return node.value


@pytest.mark.parametrize(
    "text, code, place, words",
    [
        ("a:\n\tb: 1\n", "yaml-syntax", Place(2, 1), "a tab"),
        ("a: [1\nb: 2", "yaml-syntax", Place(2, 2), "quotes and colons"),
        ("a: b: c", "yaml-syntax", Place(1, 5), "mapping values"),
        ("a: 1\nb: @x", "yaml-syntax", Place(2, 4), "cannot be read"),
        ("a: 1\nb: \x07", "yaml-syntax", Place(2, 4), "remove the character"),
        ("a: 1\nb: \ud800", "yaml-syntax", Place(2, 4), "half a character"),
        ('a: "open\nb: 1', "yaml-syntax", Place(2, 5), "quoted scalar"),
        ("a: 1\n---\nb: 2", "yaml-syntax", Place(2, 1), "one file holds one"),
        ("[" * 100_000, "yaml-depth", Place(1, 21), "is a bracket left open?"),
        ("{a: " * 100_000, "yaml-depth", Place(1, 81), "is a bracket left open?"),
        ("- " * 100_000, "yaml-depth", Place(1, 41), "is a bracket left open?"),
        (BOMB, "yaml-size", Place(6, 15), "divide it"),
        (MERGE_BOMB, "yaml-size", Place(6, 45), "divide it"),
        ("a: &a [*a]", "yaml-anchor", Place(1, 8), "write it first"),
        ("a: *b", "yaml-anchor", Place(1, 4), "write it first"),
        ("a: {<<: 5}", "yaml-merge", Place(1, 5), "takes what has keys"),
        ("a: !!python/object:os.system x", "yaml-tag", Place(1, 4), "tags are not used here"),
        ("a: !secret [x]", "yaml-tag", Place(1, 4), "tags are not used here"),
        ("? [a]\n: 1", "yaml-key", Place(1, 3), "must be a text"),
    ],
)
def test_a_bad_text_is_refused_where_it_is_bad(text: str, code: str, place: Place, words: str) -> None:
    node, (flaw,) = parse(text)
    assert node is None
    assert (flaw.code, flaw.place) == (code, place)
    assert words in flaw.message


def test_the_first_of_two_equal_keys_is_not_lost_in_silence() -> None:
    _, (flaw,) = parse("a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert (flaw.code, flaw.place.line) == ("duplicate-key", 4)
    assert "first on line 2" in flaw.message


@pytest.mark.parametrize("key", ["5", "true", "~", "1.5"])
def test_a_key_that_is_no_text_must_be_quoted(key: str) -> None:
    node, (flaw,) = parse(f"{key}: 1")
    assert flaw.code == "yaml-key"
    assert f'"{key}"' in flaw.message
    assert node


def test_words_and_clock_times_stay_what_was_written() -> None:
    text = "[on, off, yes, no, 22:00, 2026-11-22, 010, 0x1f, 1_000, .5, 1., '7', !!str 7]"
    assert value(text) == [
        "on",
        "off",
        "yes",
        "no",
        "22:00",
        "2026-11-22",
        "010",
        "0x1f",
        "1_000",
        ".5",
        "1.",
        "7",
        "7",
    ]


def test_numbers_truths_and_nothing_are_read() -> None:
    assert value("[7, -7, +7, 0, 18.0, -0.5, 1.5e3, true, false, null, ~, ]") == [
        7, -7, 7, 0, 18.0, -0.5, 1500.0, True, False, None, None,
    ]  # fmt: skip
    assert value("a:") == {"a": None}
    assert value("# nothing\n") is None


def test_an_anchor_is_used_again_and_what_is_written_wins_over_what_is_merged() -> None:
    text = "a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, l: 3}\nd: {<<: [{m: 4}, *x]}\n"
    assert value(text) == {
        "a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 2}, "c": {"k": 1, "l": 3}, "d": {"k": 1, "l": 2, "m": 4},
    }  # fmt: skip


def test_a_place_is_that_of_the_key_and_of_what_holds_it_when_it_is_not_there() -> None:
    node, _ = parse("a: 1\nb:\n  c:\n    - x\n    - y\n")
    assert node
    assert node.place_of(("b", "c", 1)) == Place(5, 7)
    assert node.place_of(("b", "c")) == Place(3, 3)
    assert node.place_of(("b", "gone", "deep")) == Place(2, 1)
    assert node.has(("b", "c", 0))
    assert not node.has(("b", "c", 2))


@given(st.text())
def test_no_text_ends_in_a_traceback(text: str) -> None:
    node, flaws = parse(text)
    assert node or flaws


@given(st.text(alphabet="ab:-[]{},&*<>!|'\"#%@? \n\t1", max_size=80))
def test_no_heap_of_yaml_signs_ends_in_a_traceback(text: str) -> None:
    node, flaws = parse(text)
    assert node or flaws


TEXTS = st.text(alphabet=st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=8)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(TREES)
def test_a_tree_that_is_written_as_json_is_read_as_it_is(tree: object) -> None:
    assert value(json.dumps(tree, ensure_ascii=False)) == tree


@given(TREES)
def test_every_value_can_be_found_by_its_path(tree: object) -> None:
    root, _ = parse(json.dumps(tree, indent=1, ensure_ascii=False))
    assert root

    def walk(node: Node, path: tuple[str | int, ...]) -> None:
        assert root.find(path) == (node, path)
        for step, child in node.children.items():
            assert child.place.line > root.place_of(path).line or path == ()
            walk(child, (*path, step))

    walk(root, ())
