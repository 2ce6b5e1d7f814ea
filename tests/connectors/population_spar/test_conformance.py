"""SPAR before the kit."""

from connectors.population_spar import SparRegister
from connectors.population_spar.simulator import SparSimulator
from hub.conformance import conformance

TestSparRegister = conformance(SparRegister, SparSimulator)
