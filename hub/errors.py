"""Errors of the hub itself, named for what the caller should do.

HubError
├── ConfigurationError    a file of the municipality must be changed; carries findings with file and line
└── Refused               a request that changes nothing; carries a stable code and pointers
"""


class HubError(Exception):
    """The root: says what, where, and what to do."""
