from connectors.notify_sms import SmsNotifier
from connectors.notify_sms.simulator import GatewaySimulator
from hub.conformance import conformance

TestSmsNotifier = conformance(SmsNotifier, GatewaySimulator)
