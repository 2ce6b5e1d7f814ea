"""The ways in: an inlet for each connection that data comes in over, opened anew when connections are others."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from hub.clock import Clock, now_of
from hub.configuration.mappings import shipped_mapping
from hub.configuration.secrets import resolve
from hub.delivery.reach.connections import Connections
from hub.delivery.reach.running import Running
from hub.intake.inlets import Inlet, reads_files
from hub.intake.rooms import Intake
from hub.mapping import Mapping as Mapped
from hub.model.connection import Arrival
from hub.model.connection import Connection as ConnectionSettings
from hub.sdk import Source
from hub.service.rulebook import Rulebook


class Openings:
    """Opens them, and keeps those that are as they were."""

    def __init__(
        self,
        intake: Intake,
        connections: Connections,
        rulebook: Rulebook,
        clock: Clock,
        environment: Mapping[str, str],
        *,
        simulated: bool,
    ) -> None:
        """`simulated`: no server of a real system is looked into, and no folder that this machine does not have."""
        self._simulated = simulated
        self._intake, self._connections, self._rulebook = intake, connections, rulebook
        self._clock, self._environment = clock, environment

    def open(self) -> None:
        """Every connection that data comes in over."""
        for town in self._rulebook.towns().values():
            self._intake.inlets.keep(town.configuration.municipality.key, town.configuration.connections)
        for running in self._connections:
            self._open_inlet(running)

    def _open_inlet(self, running: Running) -> None:
        settings, connector, inlets = running.settings, running.connector, self._intake.inlets
        if not isinstance(connector, Source):
            return
        there = next((one for one in inlets if (one.municipality, one.name) == running.place), None)
        if there is not None and there.connector is connector:
            return
        mapping = self._mapping(running.municipality, settings.mapping)
        inlet = Inlet(
            running.municipality,
            running.name,
            settings.mapping or settings.connector,
            connector,
            mapping or connector,
            mapping or reads_files(connector),
            self._arrives(settings),
            self._sftp_password(settings),
            connector.lent.tunnel,
            running.ways.one,
            partial(self._rests, running),
        )
        inlets.add(inlet)

    def _arrives(self, settings: ConnectionSettings) -> Arrival | None:
        arrives = settings.arrives
        if arrives is None or not self._simulated:
            return arrives
        there = arrives.folder is not None and Path(arrives.folder.path).is_dir()
        return arrives.model_copy(update={"folder": arrives.folder if there else None, "sftp": None})

    def _rests(self, running: Running) -> bool:
        """Whether this process asks nothing of a system now."""
        return not running.ways.part or running.held(now_of(self._clock)) is not None

    def _mapping(self, municipality: str, name: str | None) -> Mapped | None:
        """A mapping document: the municipality's own, or the one that comes with the hub."""
        if name is None:
            return None
        mine = self._rulebook.town(municipality).configuration.mappings
        return Mapped(mine.get(name) or shipped_mapping(name))

    def _sftp_password(self, settings: ConnectionSettings) -> SecretStr | None:
        arrives = self._arrives(settings)
        told = arrives.sftp.password if arrives and arrives.sftp else None
        return SecretStr(str(resolve({"password": told}, self._environment)["password"])) if told else None
