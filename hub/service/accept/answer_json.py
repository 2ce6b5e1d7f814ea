"""The answer to a booking that is new, written by hand: the same text as the model gives, in a third of the time.

A test holds the two together. Every other answer goes through the model.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring as quoted

from hub.clock import DAY, NEVER, instant
from hub.model.booking import Booking
from hub.model.plan import Claim, Plan, TargetKey
from hub.service.asking.conflicts import Conflict
from hub.service.standing import showing
from hub.service.standing.showing import Standing

Place = tuple[str, TargetKey]
"""What one credential opens for one occasion."""


def accepted(
    booking: Booking,
    plan: Plan,
    standing: Iterable[Standing],
    secrets: Mapping[TargetKey, str],
    conflicts: Iterable[Conflict],
) -> str:
    """A `BookingAnswer` as JSON."""
    effects = ",".join([_effect(one) for one in standing])
    credentials = ",".join(_credentials(booking, plan, secrets)) if plan.grants else ""
    unserved = ",".join(map(quoted, showing.unserved(plan)))
    overlaps = ",".join([one.model_dump_json() for one in showing.conflicts(conflicts)])
    return (
        f'{{"number":{quoted(booking.number)},"revision":{booking.revision},"outcome":"accepted",'
        f'"effects":[{effects}],"credentials":[{credentials}],"unserved":[{unserved}],"conflicts":[{overlaps}]}}'
    )


def _effect(one: Standing) -> str:
    target, state, delivery, _, expected, _ = one
    return (
        f'{{"target":{quoted("/".join(target))},"state":"{state._value_}","delivery":"{delivery._value_}",'
        f'"proof":null,"expected_at":{_moment(expected)},"detail":null}}'
    )


def _credentials(booking: Booking, plan: Plan, secrets: Mapping[TargetKey, str]) -> Iterable[str]:
    doors = {place: _doors(claims) for place, claims in showing.opening(plan).items()}
    for holder, occasion, target in showing.held(booking, plan):
        opened = doors.get((occasion, target))
        if opened:
            value = quoted(secrets[target]) if target in secrets else "null"
            kind = holder.credential.kind._value_
            yield (
                f'{{"holder":{quoted(holder.name)},"occasion":{quoted(occasion)},"kind":"{kind}","value":{value},'
                f"{opened}}}"
            )


def _doors(claims: list[Claim]) -> str:
    doors = ",".join(
        [
            f'{{"door":{quoted(one.door)},"starts_at":{_moment(one.starts)},"ends_at":{_moment(one.ends)}}}'
            for one in claims
        ]
    )
    first, last = min([one.starts for one in claims]), max([one.ends for one in claims])
    return f'"doors":[{doors}],"window":{{"starts_at":{_moment(first)},"ends_at":{_moment(last)}}}'


def _moment(at: int) -> str:
    """As pydantic writes it; the answers of a season have few days and few times of day, and many moments."""
    if at >= NEVER:
        return "null"
    day, time = divmod(at, DAY)
    return _day(day) + _time(time)


@lru_cache(4096)
def _day(day: int) -> str:
    return f'"{instant(day * DAY):%Y-%m-%d}'


@lru_cache(4096)
def _time(time: int) -> str:
    return f'T{instant(time).time().isoformat()}Z"'
