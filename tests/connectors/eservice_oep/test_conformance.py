from connectors.eservice_oep import OpenEplatform
from connectors.eservice_oep.simulator import OepSimulator
from hub.conformance import conformance

TestOpenEplatform = conformance(OpenEplatform, OepSimulator)
