"""What has happened and will happen for a booking, in which system, when and why. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping

from hub.clock import instant
from hub.model.answers import TimelineEntry
from hub.model.plan import Claim, TargetKind
from hub.service.asked import Asked
from hub.store.deliveries import Carried
from hub.store.events import Numbered
from hub.store.lanes import Seen


def of_booking(
    asked: Asked,
    lanes: Mapping[int, Seen],
    events: Iterable[Numbered],
    carried: Iterable[Carried],
    horizons: Mapping[str, int],
    *,
    now: int,
) -> tuple[TimelineEntry, ...]:
    """Every entry, in order of time."""
    past = [*(_told(event) for event in events), *(_carried(one, lanes) for one in carried)]
    future = [
        entry for claim in asked.claims.values() if not claim.suspended for entry in _coming(claim, horizons, now)
    ]
    return tuple(sorted([*past, *future], key=lambda entry: entry.at))


def _told(event: Numbered) -> TimelineEntry:
    body = json.loads(event.body)
    detail = ", ".join(f"{key} {value}" for key, value in body.items())
    return TimelineEntry(at=instant(event.at), what=event.type, detail=detail or None, past=True)


def _carried(one: Carried, lanes: Mapping[int, Seen]) -> TimelineEntry:
    seen = lanes[one.lane]
    proof = f"proof {one.proof}" if one.proof else None
    sent = f"sent {said(one.sent)}" if one.sent else None
    detail = "; ".join(part for part in (sent, proof, one.detail) if part)
    return TimelineEntry(
        at=instant(one.at), what=one.outcome, target=f"{seen.connection}/{seen.key}", detail=detail or None, past=True
    )


def said(state: str) -> str:
    """A sent state in words; a credential's windows are counted, not listed."""
    if "[" in state:
        windows = len(json.loads(state[state.index("[") :]))
        return f"{windows} window{'s' if windows != 1 else ''}" if windows else "revoke"
    return state.replace(":", " ")


def _coming(claim: Claim, horizons: Mapping[str, int], now: int) -> Iterator[TimelineEntry]:
    target = "/".join(claim.target)
    if claim.kind is TargetKind.CREDENTIAL:
        sent = claim.starts - horizons.get(claim.target.connection, 0)
        moments = [(sent, "will be granted"), (claim.starts, "will open"), (claim.ends, "will shut")]
        detail = f"{claim.door}, occasion {claim.occasion}"
    else:
        moments = [(claim.starts, f"will be {_level(claim)}"), (claim.ends, "will no longer be asked for")]
        detail = f"occasion {claim.occasion}"
    for at, what in moments:
        if at > now:
            yield TimelineEntry(at=instant(at), what=what, target=target, detail=detail, past=False)


def _level(claim: Claim) -> str:
    match claim.kind:
        case TargetKind.DIM:
            return f"{claim.level} %"
        case TargetKind.SETPOINT:
            return f"{claim.level / 10:g} °C"
    return "on" if claim.level else "off"
