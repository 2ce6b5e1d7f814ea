"""Navet before the kit."""

from connectors.population_navet import NavetRegister
from connectors.population_navet.simulator import NavetSimulator
from hub.conformance import conformance

TestNavetRegister = conformance(NavetRegister, NavetSimulator)
