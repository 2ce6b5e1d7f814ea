"""ONVIF before the kit: the two kinds of devices there are."""

from connectors.access_onvif import OnvifAccess
from connectors.access_onvif.simulator import OnvifSimulator
from hub.conformance import conformance

TestOnvifAccess = conformance(OnvifAccess, OnvifSimulator)
