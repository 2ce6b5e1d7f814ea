"""A building controller with priorities: setpoints and dimmers, and a caretaker whose hand is stronger than ours."""

from decimal import Decimal
from http import HTTPStatus

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from hub.model import Dim, Level, Release, Setpoint, Zone
from hub.sdk import (
    About,
    Condition,
    Connector,
    ConnectorConfig,
    Control,
    ControlLimits,
    Lent,
    ReadsZones,
    Receipt,
    RejectedError,
    Sighting,
)


class ClimateConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Where the controller answers.")
    token: SecretStr = Field(description="Its access token.")
    priority: int = Field(
        default=13, description="Our place among those who write; 1 is the strongest, 16 the weakest."
    )


class Point(BaseModel):
    kind: str  # celsius | percent
    present: Decimal
    decides: int  # the priority that is in force, 17 for the default


class ClimateControl(Connector[ClimateConfig], Control, ReadsZones):
    control_limits = ControlLimits(levels=frozenset({Setpoint, Dim, Release}))

    def __init__(self, config: ClimateConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.http = lent.http(config.base_url, headers={"X-Token": config.token.get_secret_value()})

    async def check(self) -> About:
        answer = await self.http.get("points")
        return About(external_keys=answer.read(lambda body: frozenset(body.decode("utf-8").split("\n"))))

    async def put_zone(self, zone: Zone) -> Receipt:
        path = f"points/{zone.key}/{self.config.priority}"
        match zone.level:
            case Setpoint(celsius=value):
                point = await self._point("PUT", path, value)
            case Dim(percent=percent):
                point = await self._point("PUT", path, Decimal(percent))
            case _:
                point = await self._point("DELETE", path)
        return Receipt(zone.key, self._condition(point))

    async def read_zone(self, key: str) -> Sighting[Level]:
        point = await self._point("GET", f"points/{key}")
        level = Setpoint(celsius=point.present) if point.kind == "celsius" else Dim(percent=int(point.present))
        return Sighting(level, self._condition(point))

    def _condition(self, point: Point) -> Condition:
        return Condition.OVERRIDDEN if point.decides < self.config.priority else Condition.STANDING

    async def _point(self, method: str, path: str, value: Decimal | None = None) -> Point:
        body = {} if value is None else {"json": {"value": str(value)}}
        answer = await self.http.request(method, path, also_ok={HTTPStatus.NOT_FOUND}, **body)  # type: ignore[arg-type]
        if answer.status == HTTPStatus.NOT_FOUND:
            raise RejectedError(f"no point at {path}")
        return answer.read(Point.model_validate_json)
