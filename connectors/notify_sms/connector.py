"""One text message to one number. Better twice than never: see the README."""

from datetime import timedelta

from connectors.notify_sms.client import Gateway
from connectors.notify_sms.config import SmsConfig
from connectors.notify_sms.translate import receipt, request
from hub.model import Channel, Notice
from hub.sdk import About, Connector, Lent, Notifier, Pace, Receipt, RepeatsHarmlessly


class SmsNotifier(Connector[SmsConfig], Notifier, RepeatsHarmlessly):
    """Text messages through one gateway."""

    channels = frozenset({Channel.SMS})
    pace = Pace(
        calls_at_once=4, calls_per_minute=100, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30)
    )
    """46elks takes 100 a minute and queues the rest."""

    def __init__(self, config: SmsConfig, lent: Lent) -> None:
        """Send nothing yet."""
        super().__init__(config, lent)
        self._gateway = Gateway(config, lent)

    async def check(self) -> About:
        if not self.config.dry_run:
            await self._gateway.look()
            return About(detail="it is there; it has no dry run")
        trial = Notice(key="check", channel=Channel.SMS, recipient=self.config.check_number, text="Knutpunkt")
        fields = request(trial, self.config, trial=True)
        await self._gateway.post(fields, lambda answer: receipt(answer, self.config, trial=True), safe=True)
        return About(detail="a dry run was taken; nothing was sent")

    async def send_notice(self, notice: Notice) -> Receipt:
        return await self._gateway.post(request(notice, self.config), lambda answer: receipt(answer, self.config))
