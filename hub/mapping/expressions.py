"""JMESPath, bounded: every step is counted, and no list or text grows past its bound.

An expression of JMESPath always ends; what is bounded here is how much it makes on the way (docs/decisions/0033).
"""

from functools import lru_cache
from typing import Any

from jmespath import Options, exceptions
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter

from hub.mapping.functions import Functions

MOST_STEPS = 100_000
"""Of one expression on one item."""
MOST_VALUES = 20_000
"""In one list on the way."""


class ExpressionError(Exception):
    """An expression cannot be read, or cannot be done with what it was given; holds nothing of the data."""


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

    def of(self, data: object) -> Any:  # noqa: ANN401 - JSON of any shape
        """What it gives.

        Raises:
            ExpressionError: a function was given what it does not take, or too much was made.
        """
        try:
            return _Bounded().visit(self._parsed, data)
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


class _Bounded(TreeInterpreter):  # type: ignore[misc] # published without types
    """Counts what it does."""

    def __init__(self) -> None:
        super().__init__(Options(custom_functions=Functions()))
        self._steps = 0

    def visit(self, node: Any, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - the library's
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise ExpressionError(f"more than {MOST_STEPS} steps: make the expression simpler, or the items smaller")
        made = super().visit(node, *args, **more)
        if isinstance(made, list) and len(made) > MOST_VALUES:
            raise ExpressionError(f"a list of more than {MOST_VALUES} values is made on the way")
        return made
