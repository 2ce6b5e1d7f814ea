"""Small Zigbee locks."""
