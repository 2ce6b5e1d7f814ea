"""Inera's service before the kit."""

from connectors.population_riv import RivRegister
from connectors.population_riv.simulator import RivSimulator
from hub.conformance import conformance

TestRivRegister = conformance(RivRegister, RivSimulator)
