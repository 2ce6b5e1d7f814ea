"""A municipal service before the kit."""

from connectors.population_rest import RestRegister
from connectors.population_rest.simulator import CitizenSimulator
from hub.conformance import conformance

TestRestRegister = conformance(RestRegister, CitizenSimulator)
