"""ARX before the kit."""

from connectors.access_arx import ArxAccess
from connectors.access_arx.simulator import ArxSimulator
from hub.conformance import conformance

TestArxAccess = conformance(ArxAccess, ArxSimulator)
