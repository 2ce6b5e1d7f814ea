"""The kit on the edge device that the connector brings, with its own broker."""

from datetime import timedelta

from connectors.control_rec import RecControl
from connectors.control_rec.simulator import RecSimulator
from hub.conformance import conformance

TestRecControl = conformance(RecControl, RecSimulator, patience=timedelta(milliseconds=150))
