"""Numbers that a folder is held to."""

from datetime import timedelta

LEASE = timedelta(seconds=60)
"""How long a node owns a lane at a time; a system's `lands_within` is at most half of it (rule 8)."""
LARGEST_FILE = 2_000_000
"""Bytes of one file; a hall with a hundred doors takes about twenty thousand."""
SHORTEST_HORIZON_DAYS = 2
"""A lock that is told of a window less than this before it opens has no codes after a day's outage."""
