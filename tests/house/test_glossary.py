"""The glossary holds the words of the house: each is used, and the Swedish ones in code are in it."""

import ast
import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
SWEDISH = re.compile(r"\(([a-zåäö, ]*[åäö][a-zåäö, ]*)\)")
"""What stands in parentheses after an English word, when a letter shows that it is Swedish."""
HEADS = {"term", "---"}

TERMS_OF_THE_DOMAIN = {
    "municipality": "kommun", "resource": "bokningsbart objekt", "booking": "bokning", "occasion": "bokningstillfälle",
    "customer": "kund", "holder": "nyttjare", "plan": "plan", "claim": "anspråk", "target": "mål", "lane": "fil",
    "standing effect": "bestående verkan", "record": "post", "delivery": "leverans", "problem": "problem",
    "intake": "inkommande", "event": "händelse", "connector": "adapter", "connection": "anslutning",
    "closure": "avstängning",
}  # fmt: skip
"""The words that only a decision may change."""


def rows() -> list[tuple[str, str, str]]:
    """Term, Swedish and meaning."""
    found = ROW.findall(GLOSSARY.read_text(encoding="utf-8"))
    return [row for row in found if row[0] not in HEADS]


def code() -> list[Path]:
    """All code of the hub and its connectors."""
    return [path for room in ("hub", "connectors") for path in ROOT.glob(f"{room}/**/*.py")]


def docstrings() -> str:
    """What the code says of itself; texts for people, which may be Swedish, apart."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in code())
    statements = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Expr))
    constants = (each.value.value for each in statements if isinstance(each.value, ast.Constant))
    return " ".join(text for text in constants if isinstance(text, str)).lower()


def documents() -> str:
    """All documentation, without the glossary."""
    return joined(path for path in chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md")) if path != GLOSSARY)


def joined(paths: Iterable[Path]) -> str:
    """What stands in the files, in small letters and on one line."""
    return " ".join("\n".join(path.read_text(encoding="utf-8") for path in paths).lower().split())


def test_the_words_of_the_domain_are_as_they_were_agreed() -> None:
    glossary = {term: swedish for term, swedish, _ in rows()}
    assert {term: glossary.get(term) for term in TERMS_OF_THE_DOMAIN} == TERMS_OF_THE_DOMAIN


def test_each_term_is_explained_once_in_both_languages() -> None:
    terms = [term for term, _, _ in rows()]
    assert len(set(terms)) == len(terms)
    assert all(part.strip() for row in rows() for part in row)


@pytest.fixture(scope="module")
def text() -> str:
    """Everything that is written, once."""
    return f"{joined(code())} {documents()}"


@pytest.mark.parametrize("term", [term for term, _, _ in rows()])
def test_a_term_is_used(term: str, text: str) -> None:
    assert re.search(rf"\b{re.escape(term.lower())}", text), f"{term}: nobody uses it; take it out of the glossary"


def test_a_swedish_word_that_a_docstring_gives_is_in_the_glossary() -> None:
    listed = tuple(word.strip() for _, swedish, _ in rows() for word in swedish.split(","))
    given = {word.strip() for found in SWEDISH.findall(docstrings()) for word in found.split(",")}
    assert given
    assert {word for word in given if not word.startswith(listed)} == set(), "write them in docs/glossary.md"
