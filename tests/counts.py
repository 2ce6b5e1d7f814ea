"""How many examples a property is tried on: ten times as many in the soak."""

import os

IN_SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"


def examples(usual: int, *, soak: int | None = None) -> int:
    """The usual number in `make test`."""
    return (soak or usual * 10) if IN_SOAK else usual
