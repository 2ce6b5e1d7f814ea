"""`--simulate`: the simulator of every connection, started here, with the connection pointed at it."""

import logging
from collections.abc import Mapping
from typing import Any

import httpx

from hub.clock import Clock
from hub.configuration.secrets import resolve
from hub.discovery import load_simulator
from hub.model.configuration import Configuration
from hub.model.connection import Connection as Settings
from hub.sdk import HttpSimulator, ListeningSimulator, Misbehaviour, Simulator

LOG = logging.getLogger("hub.simulating")

Place = tuple[str, str]


class InProcess(httpx.AsyncBaseTransport):
    """Hands requests to a simulator in this process."""

    def __init__(self, simulator: HttpSimulator) -> None:
        self._simulator = simulator

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._simulator.handle(request)


class Simulators:
    """Stand-ins for the systems of every connection, by municipality and name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._simulators: dict[Place, Simulator] = {}

    async def start(self, configuration: Configuration) -> list[str]:
        """Start one for each connection of a municipality that has none; gives their names."""
        town, started = configuration.municipality.key, []
        for name, settings in configuration.connections.items():
            if (town, name) in self._simulators:
                continue
            simulator = _made(settings, keys_of(configuration, name), self._clock)
            if isinstance(simulator, ListeningSimulator):
                await simulator.start()
            self._simulators[town, name] = simulator
            started.append(name)
        return started

    def find(self, municipality: str, name: str) -> Simulator:
        """The simulator of a connection; raises KeyError."""
        return self._simulators[municipality, name]

    def all(self, municipality: str) -> list[Simulator]:
        """Every one of a municipality's."""
        return [simulator for (town, _), simulator in self._simulators.items() if town == municipality]

    def misbehave(self, municipality: str, name: str, how: Misbehaviour, key: str = "") -> None:
        """Have a simulated system do what real ones do."""
        self.find(municipality, name).misbehave(how, key)

    def settings(self, municipality: str, name: str, settings: Settings) -> Mapping[str, Any] | None:
        """The settings that lead a connection to its simulator; None when it has none."""
        simulator = self._simulators.get((municipality, name))
        if simulator is None:
            return None
        return {**resolve(settings.settings, {}, missing="placeholder"), **simulator.config()}

    def transport(self, municipality: str, name: str) -> httpx.AsyncBaseTransport | None:
        """The way to a simulator that is asked over HTTP."""
        simulator = self._simulators.get((municipality, name))
        return InProcess(simulator) if isinstance(simulator, HttpSimulator) else None

    async def stop(self) -> None:
        """Stop those that listen."""
        for simulator in self._simulators.values():
            if isinstance(simulator, ListeningSimulator):
                await simulator.stop()


def _made(settings: Settings, keys: list[str], clock: Clock) -> Simulator:
    simulator_type = load_simulator(settings.connector)
    return simulator_type.standing_in(clock, keys, resolve(settings.settings, {}, missing="placeholder"))


def keys_of(configuration: Configuration, name: str) -> list[str]:
    """The external keys that a municipality's configuration uses on a connection."""
    keys: dict[str, None] = {}
    for facility in configuration.facilities.values():
        if facility.access and facility.access.connection == name:
            keys |= dict.fromkeys(door.key for door in facility.access.doors.values())
        keys |= dict.fromkeys(zone.key for zone in facility.zones.values() if zone.connection == name)
    return list(keys)
