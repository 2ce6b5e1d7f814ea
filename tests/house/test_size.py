"""The size ceiling of the house: small functions, no file that grew.

Counted in statement lines without docstrings, in `hub/` and `connectors/`, migrations apart.
"""

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[2]
MEDIAN_FUNCTION = 8
NINE_IN_TEN_FUNCTIONS = 25
LARGEST_FILE = 400

EXCEPTIONS: dict[str, str] = {}
"""Files over the ceiling, each with its reason."""

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
DOCUMENTED = FUNCTIONS | ast.ClassDef | ast.Module


def sources() -> Iterator[Path]:
    """Every module that is counted."""
    for path in chain(*((ROOT / room).rglob("*.py") for room in ("hub", "connectors"))):
        if "migrations" not in path.parts:
            yield path


def statement_lines(node: ast.AST) -> int:
    """Lines on which a statement below the node stands: none for blanks, comments and docstrings."""
    body = [child for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node]
    docstrings = {id(doc) for each in ast.walk(node) if (doc := docstring(each))}
    return len({line for each in body if id(each) not in docstrings for line in own_lines(each)})


def docstring(node: ast.AST) -> ast.stmt | None:
    """The docstring of a module, class or function, or the one that describes the line before it."""
    if isinstance(node, DOCUMENTED) and node.body and is_text(node.body[0]):
        return node.body[0]
    return node if isinstance(node, ast.stmt) and is_text(node) else None


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is only a string."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def own_lines(statement: ast.stmt) -> range:
    """The lines of a statement, without those of the block that it opens."""
    inner = [child.lineno for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)]
    last = statement.end_lineno or statement.lineno
    return range(statement.lineno, max(min([last, *(line - 1 for line in inner)]), statement.lineno) + 1)


def functions() -> list[tuple[int, str]]:
    """Statement lines of every function, with its place."""
    trees = ((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sources())
    return [
        (statement_lines(node), f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
        for path, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, FUNCTIONS)
    ]


def test_the_median_function_is_a_sentence_or_two() -> None:
    assert median(size for size, _ in functions()) <= MEDIAN_FUNCTION


def test_nine_functions_in_ten_fit_half_a_screen() -> None:
    counted = sorted(functions(), reverse=True)
    assert quantiles([size for size, _ in counted], n=10)[-1] < NINE_IN_TEN_FUNCTIONS, counted[:20]


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in sources()])
def test_no_file_grew_over_the_ceiling(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in EXCEPTIONS:
        assert statement_lines(ast.parse(path.read_text(encoding="utf-8"))) <= LARGEST_FILE


def test_an_exception_is_still_needed() -> None:
    for name in EXCEPTIONS:
        assert statement_lines(ast.parse((ROOT / name).read_text(encoding="utf-8"))) > LARGEST_FILE, name


def test_docstrings_comments_and_blanks_are_not_counted() -> None:
    text = '"""M."""\n\nX = 1\n"""Said of X."""\n\n\ndef f(\n    a: int,\n):\n    """Doc."""\n    # why\n    return a\n'
    assert statement_lines(ast.parse(text)) == len(["X = 1", "def f(", "a: int,", "):", "return a"])
