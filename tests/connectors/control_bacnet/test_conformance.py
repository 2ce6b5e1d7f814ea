"""The kit on the device that the connector brings."""

from datetime import timedelta

from connectors.control_bacnet import BacnetControl
from connectors.control_bacnet.simulator import BacnetSimulator
from hub.conformance import conformance

TestBacnetControl = conformance(BacnetControl, BacnetSimulator, patience=timedelta(milliseconds=30))
