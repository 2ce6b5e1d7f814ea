"""Small locks behind Zigbee2MQTT: codes in numbered slots, set and cleared on time."""

from connectors.access_zigbee2mqtt.connector import ZigbeeLocks

__all__ = ["ZigbeeLocks"]
