"""The rules of quality, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

TIERS = ("runs", "operable", "trusted")
"""Each on top of the one before."""


class Rule(NamedTuple):
    """What a connector must be, and the tests of the kit that prove it; none where only a reader can."""

    tier: str
    name: str
    asks: str
    tests: tuple[str, ...]
    every: bool = False
    """Whether whatever test passes proves it, at its end."""
    of: tuple[str, ...] = ()
    """What can do one of these can say that it is done; empty: everything."""


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, tier by tier."""
    told: Mapping[str, Mapping[str, Mapping[str, Any]]]
    told = tomllib.loads(files("hub.conformance").joinpath("rules.toml").read_text(encoding="utf-8"))
    return tuple(
        Rule(tier, name, str(rule["asks"]), tuple(rule["tests"]), bool(rule.get("every")), tuple(rule.get("of", ())))
        for tier in TIERS
        for name, rule in told[tier].items()
    )
