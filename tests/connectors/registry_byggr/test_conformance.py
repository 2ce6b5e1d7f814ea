from connectors.registry_byggr import ByggrRegistry
from connectors.registry_byggr.simulator import ByggrSimulator
from hub.conformance import conformance

TestByggrRegistry = conformance(ByggrRegistry, ByggrSimulator)
