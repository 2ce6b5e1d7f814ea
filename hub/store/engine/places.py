"""What transactions of several processes hold, and the one order in which they take it.

1. *Places*, by `Connection.hold`, all at once and sorted: `EVERYTHING` is shared by those that go on side by side (to
   accept, plan anew, settle) and held by all that was written for a lone writer; bookings, documents, troubles, room.
2. Lanes, in the order of their keys; leasing only takes those that nobody has.
3. Rows of bookings, in the order of their ids.
4. Accounts, sorted; and what else there is. Secrets are only taken when nobody has them, so nobody waits there.

Whoever takes them so waits for nobody that waits for him. SQLite's writer is alone, and holds nothing.
"""

EVERYTHING = "everything"


CHAINING = "chaining"
"""Putting leaves of the audit in their chains: one process at a time, and nobody else waits for it."""


def booking(municipality: str, number: str) -> str:
    """A booking, also one that is not there yet."""
    return f"booking/{municipality}/{number}"


def document(municipality: str, key: str) -> str:
    """A document, also one that is not there yet."""
    return f"document/{municipality}/{key}"


def troubles(municipality: str, connection: str) -> str:
    """The problems of a connection, and the lanes that wait behind them."""
    return f"troubles/{municipality}/{connection}"


def room(municipality: str, connection: str) -> str:
    """The places of a lock that has room for so many."""
    return f"room/{municipality}/{connection}"


def secret(municipality: str, domain: str, hashed: bytes) -> str:
    """A secret in its lock system."""
    return f"secret/{municipality}/{domain}/{hashed.hex()}"


def account(municipality: str, name: str) -> str:
    """What is invoiced together."""
    return f"account/{municipality}/{name}"
