"""Who wants to be in a lock that has room for so many."""

from typing import NamedTuple


class Spell(NamedTuple):
    """A credential that wants to be in its lock, and one of its windows, in microseconds."""

    lane: int
    starts: int
    ends: int
    inside: bool
    """Whether it is there, or may be."""
    firm: bool
    """Whether it is left where it is, whoever waits: a person has had a hand in it."""
