from connectors.registry_p360 import P360Registry
from connectors.registry_p360.simulator import P360Simulator
from hub.conformance import conformance

TestP360Registry = conformance(P360Registry, P360Simulator)
