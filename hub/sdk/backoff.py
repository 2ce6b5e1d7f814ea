"""How long to wait before a connection that was lost is made again."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Backoff:
    """When to come back after a loss."""

    first: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(seconds=60)
    """Each time twice as long, up to this."""

    def delay(self, losses: int) -> float:
        """Seconds to wait after so many losses in a row, counted from 1."""
        return float(min(self.first.total_seconds() * 2 ** min(losses - 1, 30), self.most.total_seconds()))
