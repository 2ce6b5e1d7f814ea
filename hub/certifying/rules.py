"""The rules of quality, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

TIERS = ("runs", "operable", "trusted")
"""Each on top of the one before."""


class Rule(NamedTuple):
    """What a connector must be, and the tests of the kit that prove it; none where only a reader can."""

    tier: str
    name: str
    asks: str
    tests: tuple[str, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, tier by tier."""
    told: Mapping[str, Mapping[str, Mapping[str, object]]]
    told = tomllib.loads(files("hub.conformance").joinpath("rules.toml").read_text(encoding="utf-8"))
    return tuple(
        Rule(tier, name, str(rule["asks"]), tuple(rule["tests"])) for tier in TIERS for name, rule in told[tier].items()
    )
