"""Accessy before the kit."""

from connectors.access_accessy import AccessyAccess
from connectors.access_accessy.simulator import AccessySimulator
from hub.conformance import conformance

TestAccessyAccess = conformance(AccessyAccess, AccessySimulator)
