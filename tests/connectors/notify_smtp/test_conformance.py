from connectors.notify_smtp import SmtpNotifier
from connectors.notify_smtp.simulator import MailSimulator
from hub.conformance import conformance

TestSmtpNotifier = conformance(SmtpNotifier, MailSimulator)
