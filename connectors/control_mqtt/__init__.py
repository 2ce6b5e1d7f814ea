"""Light behind an MQTT broker: Zigbee2MQTT, and gateways that write its JSON."""

from connectors.control_mqtt.connector import MqttControl

__all__ = ["MqttControl"]
