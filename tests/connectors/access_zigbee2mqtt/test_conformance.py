"""The kit on the locks that the connector brings, with their own broker."""

from datetime import timedelta

from connectors.access_zigbee2mqtt import ZigbeeLocks
from connectors.access_zigbee2mqtt.simulator import ZigbeeSimulator
from hub.conformance import conformance

TestZigbeeLocks = conformance(ZigbeeLocks, ZigbeeSimulator, patience=timedelta(milliseconds=300))
