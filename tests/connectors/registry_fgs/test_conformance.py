from datetime import timedelta

from connectors.registry_fgs import FgsRegistry
from connectors.registry_fgs.simulator import DropSimulator
from hub.conformance import conformance

TestFgsRegistry = conformance(FgsRegistry, DropSimulator, patience=timedelta(seconds=0.4))
