"""JMESPath, bounded: every step is counted, what a function goes through too, and no value grows past its bound.

An expression of JMESPath always ends; what is bounded here is how much it does and makes on the way
(docs/decisions/0033).
"""

from functools import lru_cache
from typing import Any

from jmespath import Options, exceptions
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter

from hub.mapping.functions import Functions

MOST_STEPS = 100_000
"""Of one expression on one item."""
MOST_STEPS_AN_ITEM = 1_000_000
"""Of all that are asked of it: some seconds at the most."""
MOST_VALUES = 20_000
"""In one list on the way."""
LARGEST_VALUE = 2_000_000
"""Of one that is made, with all in it: a list of two of the same, of two of the same ... doubles each time."""
_A_STEP = 10
"""Values that are gone through in the time of one step."""
_LETTERS = 100
"""Letters, the same."""
_DOUBLES = frozenset({"multi_select_list", "multi_select_dict"})
"""What may hold one value many times over."""


class ExpressionError(Exception):
    """An expression cannot be read, or cannot be done with what it was given; holds nothing of the data."""


class Work(TreeInterpreter):  # type: ignore[misc] # published without types
    """All that is asked of one item: counts what is done for it, and weighs what is made."""

    def __init__(self) -> None:
        super().__init__(Options(custom_functions=Functions()))
        self._left_of_item = MOST_STEPS_AN_ITEM
        self._left = 0
        self._weighed: dict[int, tuple[object, int]] = {}
        """By identity, and kept so that no other gets it."""

    def begin(self) -> None:
        """One more expression."""
        self._left = MOST_STEPS

    def visit(self, node: Any, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - the library's
        self._spend(1)
        made = super().visit(node, *args, **more)
        if isinstance(made, list) and len(made) > MOST_VALUES:
            raise ExpressionError(f"a list of more than {MOST_VALUES} values is made on the way")
        return self.weighed(made) if node["type"] in _DOUBLES else made

    def weighed(self, made: Any) -> Any:  # noqa: ANN401 - JSON
        """The value, when it is not too large. Raises ExpressionError."""
        if self._weight(made) > LARGEST_VALUE:
            raise ExpressionError(f"a value that holds more than {LARGEST_VALUE} others is made on the way")
        return made

    def visit_function_expression(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - the library's
        """A function goes through what it is given; one that looks for a whole value, through all in it."""
        given = [self.visit(child, value) for child in node["children"]]
        self._spend(sum(map(_length, given)))
        if any(isinstance(one, list | dict) for one in given[1:]):
            self._spend(self._weight(given[0]) // _A_STEP)
        return self._functions.call_function(node["value"], given)

    def visit_comparator(self, node: Any, value: Any) -> Any:  # noqa: ANN401 - the library's
        """Two values are compared to the end of the smaller."""
        first, second = (self.visit(child, value) for child in node["children"])
        self._spend(min(self._weight(first), self._weight(second)) // _A_STEP)
        return super().visit_comparator({**node, "children": [_literal(first), _literal(second)]}, value)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        self._left_of_item -= steps
        if self._left < 0:
            raise ExpressionError(f"more than {MOST_STEPS} steps: make the expression simpler, or the items smaller")
        if self._left_of_item < 0:
            raise ExpressionError(f"more than {MOST_STEPS_AN_ITEM} steps for one item: make the items smaller")

    def _weight(self, value: object) -> int:
        """How many values there are in it, each as often as it stands there; once weighed, it is known."""
        if not isinstance(value, list | dict):
            return 1
        if (known := self._weighed.get(id(value))) is not None:
            return known[1]
        weight = 1 + sum(map(self._weight, value.values() if isinstance(value, dict) else value))
        self._weighed[id(value)] = (value, weight)
        return weight


def _length(given: object) -> int:
    if isinstance(given, str):
        return len(given) // _LETTERS
    return len(given) // _A_STEP if isinstance(given, list | dict) else 0


def _literal(value: object) -> dict[str, Any]:
    return {"type": "literal", "value": value, "children": []}


class Expression:
    """A compiled expression; safe to use in many threads."""

    def __init__(self, text: str) -> None:
        try:
            self._parsed = Parser().parse(text).parsed
        except exceptions.JMESPathError as error:
            place = getattr(error, "lex_position", None)
            told = f" at character {place + 1}" if isinstance(place, int) else ""
            raise ExpressionError(f"`{text}` is no JMESPath{told}: see jmespath.org") from None
        except RecursionError:
            raise ExpressionError("nested too deep; make the expression simpler") from None

    def of(self, data: object, work: Work | None = None) -> Any:  # noqa: ANN401 - JSON of any shape
        """What it gives. `work`: of the item, where several are asked of it.

        Raises:
            ExpressionError: a function was given what it does not take, or too much was done or made.
        """
        work = work or Work()
        work.begin()
        try:
            return work.weighed(work.visit(self._parsed, data))
        except exceptions.JMESPathTypeError as error:
            told = f"{error.function_name}() takes {', '.join(error.expected_types)} and got {error.actual_type}"
            raise ExpressionError(told) from None
        except exceptions.JMESPathError as error:
            raise ExpressionError(f"cannot be done ({type(error).__name__})") from None
        except (ValueError, TypeError, RecursionError, ArithmeticError) as error:
            raise ExpressionError(f"cannot be done with what stands there ({type(error).__name__})") from None


@lru_cache(2000)
def compiled(text: str) -> Expression:
    """The expression, compiled once. Raises ExpressionError."""
    return Expression(text)
