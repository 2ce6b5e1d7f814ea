"""What carrying tells those who watch: how carryings end, how late what is wanted stands, which gates are shut."""

from collections.abc import Callable, Iterable, Iterator

from hub.clock import Clock, now_of
from hub.delivery.errands.outcomes import Outcome
from hub.delivery.reach.running import Running
from hub.service.process.figures import Ways
from hub.service.process.meters import Meters


def counting(meters: Meters, clock: Clock) -> Callable[[Outcome], None]:
    """What is to be told of each carrying that was written down."""

    def counted(outcome: Outcome) -> None:
        lane = outcome.lane
        if outcome.told or outcome.proven:
            meters.carried(lane.municipality, lane.connection, outcome.delivery)
        if outcome.missed_since is not None:
            meters.confirmed(lane.municipality, lane.kind, now_of(clock) - outcome.missed_since)

    return counted


def ways(connections: Iterable[Running]) -> Iterator[Ways]:
    """How each connection of this process is."""
    for one in connections:
        yield Ways(one.municipality, one.name, shut=not one.gate.is_open, paused=one.paused is not None)
