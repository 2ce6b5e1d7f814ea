"""How many examples a property is tried on: ten times as many in the soak."""

import os


def examples(usual: int) -> int:
    """The usual number in `make test`."""
    return usual * (10 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 1)
