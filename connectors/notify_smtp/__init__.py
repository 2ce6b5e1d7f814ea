"""Messages by e-mail, over SMTP."""

from connectors.notify_smtp.connector import SmtpNotifier

__all__ = ["SmtpNotifier"]
