"""The connectors of the town: ARX as it is, hastier; and lamps over HTTP. They die where they are told to."""

import json

from pydantic import Field, HttpUrl

from connectors.access_arx import ArxAccess
from connectors.control_mqtt import MqttControl
from connectors.notify_smtp import SmtpNotifier
from hub.model import Credential, Dim, Level, Notice, Release, Zone
from hub.sdk import (
    About,
    Connector,
    ConnectorConfig,
    Control,
    ControlLimits,
    Lent,
    Pace,
    ReadsZones,
    Receipt,
    Sighting,
)
from tests.faults.moments import Moment, here
from tests.faults.town import KEPT_WITHIN, LAMPS, LANDS_WITHIN, LOCKS, MAIL, TIMEOUT

DARK = Dim(percent=0)


class HastyArx(ArxAccess):
    """The real one, in front of a server that is as near as the next process."""

    pace = Pace(calls_at_once=4, timeout=TIMEOUT, lands_within=LANDS_WITHIN)

    async def put_credential(self, credential: Credential) -> Receipt:
        here(LOCKS, Moment.TAKEN, credential.key)
        receipt = await super().put_credential(credential)
        here(LOCKS, Moment.ANSWERED, credential.key)
        return receipt

    async def remove_credential(self, key: str) -> Receipt:
        here(LOCKS, Moment.TAKEN, key)
        receipt = await super().remove_credential(key)
        here(LOCKS, Moment.ANSWERED, key)
        return receipt

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        found = await super().read_credential(key)
        here(LOCKS, Moment.SEEN, key)
        return found


class HastyMail(SmtpNotifier):
    """The real one, in front of a server as near."""

    pace = Pace(calls_at_once=4, timeout=TIMEOUT, lands_within=LANDS_WITHIN)

    async def send_notice(self, notice: Notice) -> Receipt:
        here(MAIL, Moment.TAKEN)
        receipt = await super().send_notice(notice)
        here(MAIL, Moment.ANSWERED)
        return receipt


class HastyMqtt(MqttControl):
    """The real one, in front of a broker as near; what a broker keeps for a gateway it keeps for whole seconds."""

    pace = Pace(calls_at_once=16, clients_at_once=1, timeout=TIMEOUT, lands_within=KEPT_WITHIN)


class LampsConfig(ConnectorConfig):
    """Where the lamps are."""

    base_url: HttpUrl = Field(description="Where they answer.")


class Lamps(Connector[LampsConfig], Control, ReadsZones):
    """One lamp a zone; it answers when it has done what it was told."""

    control_limits = ControlLimits(levels=frozenset({Dim, Release}))
    pace = Pace(calls_at_once=4, timeout=TIMEOUT, lands_within=LANDS_WITHIN)

    def __init__(self, config: LampsConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self._http = lent.http(config.base_url)

    async def check(self) -> About:
        await self._http.get("lamps/any")
        return About()

    async def put_zone(self, zone: Zone) -> Receipt:
        here(LAMPS, Moment.TAKEN, zone.key)
        percent = zone.level.percent if isinstance(zone.level, Dim) else None
        await self._http.put(f"lamps/{zone.key}", json={"percent": percent})
        here(LAMPS, Moment.ANSWERED, zone.key)
        return Receipt()

    def rest_level(self, key: str) -> Level:  # noqa: ARG002 - all are alike
        return DARK

    async def read_zone(self, key: str) -> Sighting[Level]:
        answer = await self._http.get(f"lamps/{key}")
        percent = answer.read(json.loads)["percent"]
        here(LAMPS, Moment.SEEN, key)
        return Sighting(DARK if percent is None else Dim(percent=percent))
