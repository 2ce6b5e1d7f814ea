"""Doors of systems that take bookings from a file (RCO M5 BOKA, Aptus, Axema): a template says how it is written."""

from connectors.access_file.connector import FileAccess, ReceiptedFileAccess

__all__ = ["FileAccess", "ReceiptedFileAccess"]
