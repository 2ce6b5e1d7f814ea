"""One message to one recipient, by e-mail. Sent again it has the same Message-ID."""

from datetime import timedelta

from connectors.notify_smtp.client import MailServer
from connectors.notify_smtp.config import SmtpConfig
from connectors.notify_smtp.translate import written
from hub.model import Channel, Notice
from hub.sdk import About, Connector, Lent, Notifier, Pace, Receipt, RepeatsSafely


class SmtpNotifier(Connector[SmtpConfig], Notifier, RepeatsSafely):
    """Mail through one server."""

    channels = frozenset({Channel.EMAIL})
    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=20), lands_within=timedelta(seconds=30))

    def __init__(self, config: SmtpConfig, lent: Lent) -> None:
        """Connect with each message."""
        super().__init__(config, lent)
        self._server = MailServer(config, lent)

    async def check(self) -> About:
        return About(detail=await self._server.features())

    async def send_notice(self, notice: Notice) -> Receipt:
        message = written(notice, self.config, self.lent.clock.now())
        await self._server.send(message.content, self.config.sender, message.recipient, utf8=message.utf8)
        return Receipt(message.reference)
