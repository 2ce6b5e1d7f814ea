"""The kit on the interface that the connector brings, over TCP; UDP is broken in `test_datagrams`."""

from datetime import timedelta

from connectors.control_knx import KnxControl
from connectors.control_knx.simulator import KnxSimulator
from hub.conformance import conformance

TestKnxControl = conformance(KnxControl, KnxSimulator, patience=timedelta(milliseconds=80))
