"""A seeded few of the broken connectors; `python -m tests.mutants` tries them all."""

import ast
import random

import pytest

from tests.mutants.broken import Mutant, mutants
from tests.mutants.hunt import caught_by

ALL = mutants()
SLOW = {
    "control_bacnet",
    "control_knx",
    "control_modbus",
    "control_mqtt",
    "control_opcua",
    "control_rec",
    "finance_peppol",
    "registry_fgs",
    "sdk_mqtt",
    "sdk_places",
}
"""Their tests run over real sockets, and take half a minute for each mutant."""
QUICK = [mutant for mutant in ALL if mutant.vendor not in SLOW]
FEW = random.Random(20261124).sample(QUICK, 12)
"""Others with another seed. Each takes some seconds; the soak has all."""


@pytest.mark.parametrize("mutant", FEW, ids=lambda mutant: f"{mutant.vendor}: {mutant.name}")
def test_a_broken_connector_is_caught(mutant: Mutant) -> None:
    assert caught_by(mutant), f"{mutant.vendor} {mutant.name}, and no test fails"


def test_what_is_broken_in_the_sdk_is_caught_by_a_connectors_tests() -> None:
    (mutant,) = [one for one in ALL if (one.vendor, one.name) == ("sdk_places", "makes the folder that is not there")]
    assert caught_by(mutant) == "test_a_folder_that_is_not_there_is_waited_for_and_never_made"


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: f"{mutant.vendor}: {mutant.name}")
def test_a_mutant_changes_one_place_of_a_connector_as_it_is_now(mutant: Mutant) -> None:
    ast.parse(mutant.text())


def test_no_mutant_stands_there_twice() -> None:
    assert len({(mutant.vendor, mutant.name) for mutant in ALL}) == len(ALL)
