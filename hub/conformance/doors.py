"""The words of the access suites: put, stands, honest, removed. Each acts as the hub would, and judges by the door."""

from datetime import datetime

from hub.conformance.driver import Bench, Outcome
from hub.model import Credential, Unsaid, Window
from hub.sdk import Condition, HasUsers, ReadsCredentials, Sighting, Validity
from hub.sdk.narrowing import as_kept, merged, narrowed


async def put(stand: Bench, wanted: Credential) -> datetime | None:
    """Send what the limits let through at this moment; look; what a fault left missing or FAILED is sent again.

    Returns the next moment at which something else is to be sent.
    """
    windows, edge = narrowed(wanted.windows, stand.connector.access_limits, stand.clock.now())
    if windows:
        await _send(stand, wanted.model_copy(update={"windows": windows}))
    else:
        await remove(stand, wanted.key)
    return edge


async def _send(stand: Bench, wanted: Credential) -> None:
    for _ in range(3 if stand.network.fault else 1):
        outcome, receipt = await stand.deliver(lambda: stand.connector.put_credential(wanted))
        assert outcome is Outcome.DONE, stand.said
        if receipt.condition is Condition.STANDING and not stand.network.fault:
            assert there(stand, wanted.key), "the receipt says that it stands, and nothing opens"
        await honest(stand, wanted.key)
        stand.settle()
        if isinstance(stand.simulator, HasUsers):
            stand.simulator.accept(wanted.key)
        if not isinstance(stand.connector, ReadsCredentials) or await _arrived(stand, wanted.key):
            break
    await stands(stand, wanted)


async def _arrived(stand: Bench, key: str) -> bool:
    seen = await look(stand, key)
    return seen is not None and seen.condition is not Condition.FAILED


async def look(stand: Bench, key: str) -> Sighting[Credential] | None:
    """Read what stands under the key."""
    seen: Sighting[Credential] | None = await stand.look(lambda: stand.connector.read_credential(key))
    return seen


async def live(stand: Bench, wanted: Credential) -> None:
    """Put, and put again at every edge; just after and just before each, what opens is what should."""
    edge = await put(stand, wanted)
    should_open_now(stand, wanted)
    while edge is not None:
        stand.clock.time = edge
        edge = await put(stand, wanted)
        should_open_now(stand, wanted)


def should_open_now(stand: Bench, wanted: Credential) -> None:
    """At this moment exactly the doors of the wanted windows open."""
    assert _open_now(stand, there(stand, wanted.key)) == _open_now(stand, [wanted])


def _open_now(stand: Bench, credentials: list[Credential]) -> set[str]:
    now = stand.clock.now()
    return {w.door for c in credentials for w in c.windows if w.starts_at <= now < w.ends_at}


def there(stand: Bench, key: str) -> list[Credential]:
    """What stands at the doors under the key, thing by thing."""
    return [credential for credential in stand.simulator.credentials() if credential.key == key]


async def stands(stand: Bench, wanted: Credential) -> None:
    """Exactly the wanted windows open, each once, with one value, as finely as the lock keeps them."""
    found, limits = there(stand, wanted.key), stand.connector.access_limits
    values = {(c.value, c.second_value) for c in found}
    if wanted.value is Unsaid.CHOSEN_BY_SYSTEM:
        assert len(values) == 1, "more than one value at the doors, or none"
    else:
        assert values == {(wanted.value, wanted.second_value)}, "another value at the door"
    opens = sorted((w for c in found for w in c.windows), key=_order)
    assert opens == sorted(as_kept(wanted.windows, limits), key=_order), "other windows at the doors, or one twice"
    await honest(stand, wanted.key, settled=True)


async def honest(stand: Bench, key: str, *, settled: bool = False) -> None:
    """What a look shows is what is there; standing and absence above all."""
    if not isinstance(stand.connector, ReadsCredentials):
        return
    seen, found = await look(stand, key), there(stand, key)
    if seen is None:
        assert found == [], "reads absent what still opens"
    elif seen.condition is Condition.STANDING:
        assert {w for c in found for w in c.windows} == seen.value.windows, "says standing what is not so at the door"
        assert seen.value.value is Unsaid.NOT_TOLD or {c.value for c in found} == {seen.value.value}, (
            "reads another value"
        )
        assert seen.value.second_value in {None, *(c.second_value for c in found)}, "reads another PIN"
    if settled and found:
        assert seen is not None, "never sees what stands"
        assert seen.condition is Condition.STANDING, "never says that it stands"


async def remove(stand: Bench, key: str) -> None:
    """Take away, and find nothing."""
    outcome, _ = await stand.deliver(lambda: stand.connector.remove_credential(key))
    assert outcome is Outcome.DONE, stand.said
    await honest(stand, key)
    stand.settle()
    assert there(stand, key) == [], "still opens after removal"
    if isinstance(stand.connector, ReadsCredentials):
        assert await look(stand, key) is None, "left something behind"


def arrive(stand: Bench, windows: list[Window]) -> None:
    """Come to where there is something to send: for a lock without times, into the first window."""
    if stand.connector.access_limits.validity is not Validity.TIMES:
        stand.clock.time = max(stand.clock.now(), merged(windows)[0].starts_at)


def _order(window: Window) -> tuple[str, datetime, datetime]:
    return window.door, window.starts_at, window.ends_at
