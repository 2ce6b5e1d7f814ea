"""What a problem is called, and what to do about it."""

from typing import NamedTuple

from hub.service.words.saying import Language


class Remedy(NamedTuple):
    """A title, and what to do."""

    title: str
    remedy: str


Table = dict[str, dict[Language, Remedy]]
"""By code of the problem."""
