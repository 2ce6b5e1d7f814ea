"""How the simulator's lamps and heat are wired to its nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.control_opcua.simulated_wire import BOOLEAN, FORMATS
from hub.model import Dim, Level, Setpoint, Switch

TYPES = {"switch": BOOLEAN, "dim": 3, "setpoint": 10, "mode": BOOLEAN, "timer": 7}
"""Of nodes that are not told to have another: a Byte for a dimmer, a Float for degrees."""
AUTOMATION = Decimal(17)
"""What a room controller wants by itself, in degrees; a lamp's automation wants it dark."""


@dataclass
class Output:
    """One zone as it is wired."""

    kind: str
    at: str
    status: str
    scale: Decimal
    on: int
    off: int
    rest: Level
    mode: str | None
    ours: int
    timer: str | None

    def spell(self, level: Level, kind: int) -> bool | int | float:
        """What a node of that type holds at that level."""
        match level:
            case Switch(on=on):
                return on if kind == BOOLEAN else self.on if on else self.off
            case Dim(percent=percent):
                told = percent * self.scale
            case Setpoint(celsius=celsius):
                told = celsius * self.scale
            case _:
                raise TypeError(level)
        return float(told) if FORMATS[kind] in "fd" else round(told)

    def level(self, told: Any) -> Level:  # noqa: ANN401  (a number)
        """What a node means that holds that."""
        if self.kind == "switch":
            return Switch(on=bool(told) if isinstance(told, bool) else told == self.on)
        if self.kind == "dim":
            return Dim(percent=round(Decimal(told) / self.scale))
        return Setpoint(celsius=round(Decimal(told) / self.scale, 2))


def wired(zone: Mapping[str, Any]) -> Output:
    """Wire a zone as its settings say."""
    kind = str(zone.get("kind", "switch"))
    mode: Mapping[str, Any] | None = zone.get("mode")
    timer = zone.get("timer")
    return Output(
        kind=kind,
        at=_numbered(zone["node"]),
        status=_numbered(zone.get("status") or zone["node"]),
        scale=Decimal(str(zone.get("scale") or 1)),
        on=int(zone.get("on", 1)),
        off=int(zone.get("off", 0)),
        rest=_rest(kind, zone.get("release")),
        mode=_numbered(mode["node"]) if mode else None,
        ours=int(mode.get("ours", 1)) if mode else 1,
        timer=_numbered(timer) if timer else None,
    )


def _numbered(told: str) -> str:
    """A node by the number of its namespace; one of a namespace that nobody has is of the building too."""
    if not told.startswith("nsu="):
        return told
    return f"ns=2;{told.removeprefix('nsu=').partition(';')[2]}"


def _rest(kind: str, release: Any) -> Level:  # noqa: ANN401  (out of settings)
    match kind:
        case "switch":
            return Switch(on=bool(release))
        case "dim":
            return Dim(percent=int(release or 0))
    return Setpoint(celsius=AUTOMATION if release is None else Decimal(str(release)))
