"""All of intake that one process has, put together."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.clock import Clock
from hub.intake.hearing import Hearing
from hub.intake.importing import Importing
from hub.intake.inbox import Inbox
from hub.intake.inlets import Inlet, Inlets
from hub.intake.looking import Looking
from hub.intake.quarantine import Quarantine
from hub.intake.retention import Forgetting
from hub.intake.taking import Taking
from hub.service.documents.applying import Applying
from hub.service.doors.passing import Passing
from hub.service.incoming.attended import Attended
from hub.service.incoming.taking_in import TakingIn
from hub.service.protected.protecting import Protecting
from hub.service.rulebook import Rulebook
from hub.service.zones.sensing import Sensing
from hub.store.engine.writer import Readers, Writer
from hub.store.seals.sealing import Seal


@dataclass
class Intake:
    """The use cases of what comes in."""

    inlets: Inlets
    importing: Importing
    looking: Looking
    inbox: Inbox
    quarantine: Quarantine
    forgetting: Forgetting
    attended: Attended
    taking: Taking
    hearing: Hearing

    async def stop(self) -> None:
        """Keep what was heard, and let its thread end."""
        await self.hearing.stop()
        self.taking.stop()

    def due(self) -> Iterator[tuple[Inlet, float]]:
        """Inlets that are looked at by themselves, and how often, seconds."""
        for inlet in self.inlets:
            if inlet.arrives:
                yield inlet, inlet.arrives.every_minutes * 60.0


def put_together(writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> Intake:
    """One process's intake, with no inlets yet."""
    inlets, taking_in = Inlets(), TakingIn(seal, clock, Applying(seal, rulebook), Passing(rulebook), Sensing(rulebook))
    protecting = Protecting(writer, readers, seal, rulebook, clock)
    taking = Taking(writer, readers, taking_in, protecting.begun)
    attended = Attended(readers, rulebook, seal)
    importing = Importing(writer, taking, attended, seal, clock)
    return Intake(
        inlets,
        importing,
        Looking(inlets, taking, importing, writer, readers, clock),
        Inbox(inlets, taking),
        Quarantine(inlets, writer, readers, taking_in, clock),
        Forgetting(writer, seal, rulebook, clock),
        attended,
        taking,
        Hearing(inlets, taking, writer, clock),
    )
