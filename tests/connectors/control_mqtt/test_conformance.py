"""The kit on the gateway that the connector brings, with its own broker."""

from datetime import timedelta

from connectors.control_mqtt import MqttControl
from connectors.control_mqtt.simulator import MqttSimulator
from hub.conformance import conformance

TestMqttControl = conformance(MqttControl, MqttSimulator, patience=timedelta(milliseconds=150))
