"""How fast the hub is, beside the limits of the machine that it is measured on: `python -m tests.bench`."""
