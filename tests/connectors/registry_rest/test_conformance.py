from connectors.registry_rest import RestRegistry
from connectors.registry_rest.simulator import DocumentServiceSimulator
from hub.conformance import conformance

TestRestRegistry = conformance(RestRegistry, DocumentServiceSimulator)
