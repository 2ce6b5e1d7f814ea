"""Text messages, over an HTTP gateway."""

from connectors.notify_sms.connector import SmsNotifier

__all__ = ["SmsNotifier"]
