"""What a transaction tells other processes once it is committed: that there is something for them to do.

Nobody may lean on it: a bell that is not heard costs the time until the next look. SQLite has no other processes; its
own hears of lanes too (`writer`).
"""

from enum import StrEnum


class Bell(StrEnum):
    """What there is to do; each is told once for a transaction."""

    LANES = "knutpunkt_lanes"
    """Lanes may be due, or lines to be invoiced."""
    EVENTS = "knutpunkt_events"
    """There are events to be told, or somebody new who wants them."""
    RULES = "knutpunkt_rules"
    """A configuration or a closure has changed, or a connection was paused or resumed."""
