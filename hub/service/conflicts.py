"""Bookings in each other's way: told, never refused; the booking core owns availability."""

from typing import NamedTuple

from hub.store.occupancy import Overlap


class Conflict(NamedTuple):
    """Another booking that has the same resource, or a whole or part of it, at the same time."""

    occasion: str
    overlap: Overlap
