"""A pitch of two halves with light and heat, behind real counterparts: what leads there, and what really is there.

Each plant's state is read by a program that is neither the hub's nor the counterpart's own.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import yaml

from connectors.control_bacnet import BacnetControl
from connectors.control_knx import KnxControl
from connectors.control_modbus import ModbusControl
from connectors.control_opcua import OpcuaControl
from hub.conformance.datagrams import DatagramRelay, UdpFault
from hub.demo.stage import MUNICIPALITY
from hub.sdk import Connector, Pace
from tests.counterparts.bacnet import NUMBER, BacnetDevice
from tests.counterparts.knxd import Knxd, telegrams
from tests.counterparts.libmodbus import COIL, HOLDING, LibModbus
from tests.counterparts.network import CUT, Network
from tests.counterparts.opcua import OpcuaServer
from tests.counterparts.program import Program

NAME = "styrning"
"""The connection."""


class State(NamedTuple):
    """How the plant is."""

    a: bool
    """Half A: a contactor."""
    b: int
    """Half B: a dimmer, per cent."""
    heat: float
    """Of the whole, degrees."""


REST = State(a=False, b=0, heat=16.0)
"""With nobody there."""


class Plant(ABC):
    """A counterpart with three zones."""

    connector: type[Connector[Any]]
    called: str
    """The connector's name."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """The connection's settings, with the zones `a`, `b` and `varme`; known when it is alive."""

    @abstractmethod
    async def state(self) -> State:
        """What is there, as somebody else sees it."""

    async def seen(self) -> State:
        """Give the same, by whoever is the most independent; it may take long."""
        return await self.state()

    @abstractmethod
    def sent(self) -> list[object]:
        """What has been written to half A, one after the other."""

    @abstractmethod
    async def cut(self) -> None:
        """Let the gateway be gone; what is behind it stays as it is."""

    @abstractmethod
    async def mend(self) -> None:
        """Let it be back."""

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """With what belongs to it in the running loop."""
        yield

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ModbusPlant(Plant):
    """libmodbus' device, reached over a network that can be cut, and read by mbpoll, which goes beside it."""

    connector, called = ModbusControl, "control_modbus"

    def __init__(self) -> None:
        self._device = LibModbus()
        self._network = Network(self._device.port, seed=9)

    def __enter__(self) -> Self:
        """Start it, as it is with nobody there."""
        self._device.__enter__()
        self._network.__enter__()
        self._device.write(HOLDING, 20, 160)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._network.__exit__(kind, error, trace)
        self._device.__exit__(kind, error, trace)

    def settings(self) -> Mapping[str, Any]:
        """A coil, a register with its measured output, and degrees in tenths."""
        return {
            "host": "127.0.0.1",
            "port": self._network.port,
            "zones": {
                "a": {"at": "coil:10"},
                "b": {"at": "holding:11", "status": "input:11", "kind": "dim"},
                "varme": {"at": "holding:20", "kind": "setpoint", "release": 16},
            },
        }

    async def state(self) -> State:
        """As mbpoll reads it."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> State:
        read = self._device.read
        return State(bool(read(COIL, 10)), int(read(HOLDING, 11)), read(HOLDING, 20) / 10)

    def sent(self) -> list[object]:
        """As the device tells it."""
        return [value for _, address, value in self._device.written() if address == 10]

    async def cut(self) -> None:
        """Reset whatever is sent."""
        self._network.odds = CUT

    async def mend(self) -> None:
        """Let it through."""
        self._network.odds = {}


class KnxPlant(Plant):
    """knxd's bus, with actuators that knxtool lends its voice, and knxtool as whoever sees what is told there."""

    connector, called = KnxControl, "control_knx"
    _STATUS = {"1/2/1": "1/3/1", "1/2/2": "1/3/2", "2/2/3": "2/3/3"}  # noqa: RUF012

    def __init__(self) -> None:
        self._bus = Knxd()
        self._now = {"1/3/1": "0", "1/3/2": "00", "2/3/3": "06 40"}
        self._sent: list[object] = []
        self._seen: Program | None = None
        self._there = AsyncExitStack()

    def __enter__(self) -> Self:
        """Start the interface."""
        self._bus.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._bus.__exit__(kind, error, trace)

    def settings(self) -> Mapping[str, Any]:
        """Datapoints 1.001, 5.001 and 9.001, each with a status."""
        return {
            "host": "127.0.0.1",
            "port": self._bus.port,
            "telegrams_per_second": 1000,
            "zones": {
                "a": {"address": "1/2/1", "status": "1/3/1"},
                "b": {"address": "1/2/2", "status": "1/3/2", "kind": "dim"},
                "varme": {"address": "2/2/3", "status": "2/3/3", "kind": "setpoint", "release": 16},
            },
        }

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """With the actuators, which keep their state when the interface is gone."""
        await self._begin()
        try:
            yield
        finally:
            await self._end()

    async def state(self) -> State:
        """What the actuators do, which is what knxtool saw written last."""
        now = [self._now[status] for status in self._STATUS.values()]
        return State(now[0] == "1", round(int(now[1], 16) * 100 / 255), _degrees(now[2]))

    def sent(self) -> list[object]:
        """As knxtool saw it."""
        return self._sent + self._heard()

    async def cut(self) -> None:
        """Stop the interface."""
        await self._end()
        await asyncio.to_thread(self._bus.stop)

    async def mend(self) -> None:
        """Start it again."""
        await asyncio.to_thread(self._bus.start)
        await self._begin()

    async def _begin(self) -> None:
        self._seen = self._bus.observed()
        await asyncio.to_thread(self._there.enter_context, self._seen)
        await self._there.enter_async_context(self._bus.devices(self._seen, self._STATUS, self._now))

    async def _end(self) -> None:
        self._sent += self._heard()
        self._seen = None
        await self._there.aclose()

    def _heard(self) -> list[object]:
        told = telegrams(self._seen) if self._seen else []
        return [value for what, group, value in told if what == "Write" and group == "1/2/1"]


def _degrees(told: str) -> float:
    """Datapoint type 9.001: sign, exponent of four bits, eleven bits of hundredths."""
    word = int(told.replace(" ", ""), 16)
    mantissa = (word & 0x7FF) - (0x800 if word >> 15 else 0)
    return mantissa * (1 << (word >> 11 & 0xF)) / 100


class BacnetPlant(Plant):
    """A BACnet device on `@bacnet-js/client`, over a network that can lose all, and a person at its panel who looks."""

    connector, called = BacnetControl, "control_bacnet"
    _OBJECTS = (("binary-output", 1, 0.0), ("analog-output", 2, 0.0), ("analog-value", 3, 16.0))

    def __init__(self) -> None:
        self._device = BacnetDevice()
        self._fault: UdpFault | None = None
        self._port = 0

    def __enter__(self) -> Self:
        """Start it."""
        self._device.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._device.__exit__(kind, error, trace)

    def settings(self) -> Mapping[str, Any]:
        """A binary output, an analog one, and an analog value, which rests at 16."""
        return {
            "host": "127.0.0.1",
            "port": self._port,
            "device": NUMBER,
            "zones": {
                "a": {"object": "binary-output,1"},
                "b": {"object": "analog-output,2", "kind": "dim"},
                "varme": {"object": "analog-value,3", "kind": "setpoint"},
            },
        }

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """With the network."""
        relay = DatagramRelay(self._device.port, lambda: self._fault, lambda _late: None)
        self._port = await relay.start()
        try:
            yield
        finally:
            await relay.stop()

    async def state(self) -> State:
        """As the device tells it after each write."""
        told = [(self._device.told(kind, number) or [rest])[-1] for kind, number, rest in self._OBJECTS]
        return State(bool(told[0]), int(told[1]), told[2])

    async def seen(self) -> State:
        """As the panel reads it."""
        a, b, heat = [(await asyncio.to_thread(self._device.read, *one[:2]))[0] for one in self._OBJECTS]
        return State(bool(a), int(b), heat)

    def sent(self) -> list[object]:
        """As the device tells it."""
        return [*self._device.told("binary-output", 1)]

    async def cut(self) -> None:
        """Lose whatever is sent."""
        self._fault = UdpFault.LOST

    async def mend(self) -> None:
        """Let it through."""
        self._fault = None


class OpcuaPlant(Plant):
    """A server on `node-opcua-server`, reached over a network that can be cut, which tells each change of its nodes."""

    connector, called = OpcuaControl, "control_opcua"

    def __init__(self) -> None:
        self._server = OpcuaServer()
        self._network = Network(self._server.port, seed=9)

    def __enter__(self) -> Self:
        """Start it, as it is with nobody there."""
        self._server.__enter__()
        self._network.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._network.__exit__(kind, error, trace)
        self._server.__exit__(kind, error, trace)

    def settings(self) -> Mapping[str, Any]:
        """A Boolean, a Byte with what the lamp does apart, and a Float."""
        return {
            "url": f"opc.tcp://127.0.0.1:{self._network.port}/building",
            "zones": {
                "a": {"node": "nsu=urn:building;s=Light"},
                "b": {"node": "nsu=urn:building;s=Dim", "status": "nsu=urn:building;s=Lit", "kind": "dim"},
                "varme": {"node": "nsu=urn:building;s=Heat", "kind": "setpoint", "release": 16},
            },
        }

    async def state(self) -> State:
        """As the server tells it after each change."""
        a, b, heat = (self._last(name, rest) for name, rest in (("Light", "false"), ("Lit", "0"), ("Heat", "16")))
        return State(a == "true", int(b), float(heat))

    def sent(self) -> list[object]:
        """As the server tells it, which is silent of a write that changes nothing."""
        return [told.partition(" ")[0] == "true" for told in self._server.told("Light")]

    async def cut(self) -> None:
        """Reset whatever is sent."""
        self._network.odds = CUT

    async def mend(self) -> None:
        """Let it through."""
        self._network.odds = {}

    def _last(self, name: str, rest: str) -> str:
        return (self._server.told(name) or [rest])[-1].partition(" ")[0]


def in_a_hurry(connector: type[Connector[Any]]) -> Pace:
    """Its pace on this machine, where an answer is there at once or never."""
    return replace(connector.pace, timeout=timedelta(seconds=2), lands_within=timedelta(seconds=3))


PLANTS: dict[str, type[Plant]] = {
    "modbus": ModbusPlant,
    "knx": KnxPlant,
    "bacnet": BacnetPlant,
    "opcua": OpcuaPlant,
}


def municipality(folder: Path, plant: Plant) -> Path:
    """Write the folder of a municipality that has this plant; gives it."""
    lamp = {"connection": NAME, "capability": "lighting", "lead_minutes": 0, "lag_minutes": 10}
    for path, tree in {
        "municipality": {
            "key": MUNICIPALITY, "name": "Provköping", "time_zone": "Europe/Stockholm", "awaits": ["lighting"],
            "finance": {}, "registry": {}, "population": {}, "notify": {}, "booker": {},
        },
        f"connections/{NAME}": {
            "connector": plant.called, "mode": "live", "push_horizon_days": 30, "settings": dict(plant.settings()),
        },
        "facilities/plan": {
            "name": "Planen",
            "resources": {
                "plan.hela": {"name": "Helplan", "kind": "place", "parts": ["plan.a", "plan.b"]},
                "plan.a": {"name": "Halvplan A", "kind": "place", "parts": []},
                "plan.b": {"name": "Halvplan B", "kind": "place", "parts": []},
            },
            "zones": {
                "a": lamp | {"key": "a", "serves": ["plan.a"], "kind": "switch", "levels": {"default": True}},
                "b": lamp | {"key": "b", "serves": ["plan.b"], "kind": "dim", "levels": {"default": 60, "match": 100}},
                "varme": {
                    "connection": NAME, "key": "varme", "capability": "climate", "serves": "all", "kind": "setpoint",
                    "levels": {"default": 20}, "lead_minutes": 60, "lag_minutes": 0,
                },
            },
        },
    }.items():  # fmt: skip
        file = folder / f"{path}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))
    return folder
