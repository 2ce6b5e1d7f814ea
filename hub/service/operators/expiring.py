"""Certificates and accounts that end: one problem for each, 60 days ahead, told again at 30 and 7 and when it is over.

It pauses nothing: what has ended is refused by whoever checks it, and that is a problem of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from hub.clock import DAY, STOCKHOLM, instant
from hub.model.expiry import ENDED, Expiry, Thing, days_left, stage
from hub.model.standing import ExpiryAnswer
from hub.service.words import sentences
from hub.service.words.sentences import Sentence
from hub.store import expiries, problems
from hub.store.engine.database import Connection
from hub.store.expiries import Known
from hub.store.problems import Cause

CODES: Mapping[Thing, str] = {
    Thing.SERVER_CERTIFICATE: "server-certificate",
    Thing.CLIENT_CERTIFICATE: "client-certificate",
    Thing.PRIVATE_CA: "private-ca",
    Thing.CREDENTIALS: "credentials-end",
}
"""Of their problems."""
UNSEEN = 2 * DAY
"""A server that was not met for so long, while another was, is one that the connection has left."""
_TEXTS: Mapping[Thing, tuple[Sentence, Sentence]] = {
    Thing.SERVER_CERTIFICATE: (sentences.SERVER_ENDS, sentences.SERVER_ENDED),
    Thing.CLIENT_CERTIFICATE: (sentences.CLIENT_ENDS, sentences.CLIENT_ENDED),
    Thing.PRIVATE_CA: (sentences.CA_ENDS, sentences.CA_ENDED),
    Thing.CREDENTIALS: (sentences.CREDENTIALS_END, sentences.CREDENTIALS_ENDED),
}


def judge(connection: Connection, municipality: str, name: str, found: Sequence[Expiry], *, now: int) -> None:
    """Keep what of a connection ends, open and end problems, and tell of each threshold once."""
    known = {(one.thing, one.name): one for one in expiries.listed(connection, municipality) if one.connection == name}
    kept = [Known(name, one.thing.value, one.name, one.ends, stage(one.ends, now=now), now) for one in found]
    there = {(one.thing, one.name) for one in kept}
    met = any(one.thing is Thing.SERVER_CERTIFICATE for one in found)
    absent = [one for place, one in known.items() if place not in there]
    gone = [one for one in absent if one.thing != Thing.SERVER_CERTIFICATE or (met and one.seen_at <= now - UNSEEN)]
    kept += [one._replace(stage=stage(one.ends, now=now)) for one in absent if one not in gone]
    for one in kept:
        before = known.get((one.thing, one.name))
        _tell(connection, municipality, one, before.stage if before else 0, now)
    expiries.put(connection, municipality, kept)
    forget(connection, municipality, gone, now=now)


def _tell(connection: Connection, municipality: str, one: Known, before: int, now: int) -> None:
    cause = Cause(CODES[Thing(one.thing)], one.name)
    if not one.stage:
        problems.close_cause(connection, municipality, one.connection, cause, now=now)
        return
    told = problems.open_(connection, municipality, one.connection, cause, detail=_text(one, now), now=now)
    if 0 < before < one.stage:
        problems.tell_again(connection, municipality, one.connection, told, cause.code, now=now)


def last_day(one: Known) -> date:
    """In Sweden; an account is good to the end of its last day."""
    return instant(one.ends - 1).astimezone(STOCKHOLM).date()


def _text(one: Known, now: int) -> str:
    ahead, over = _TEXTS[Thing(one.thing)]
    day = last_day(one).isoformat()
    if one.stage == ENDED:
        return over.say(name=one.name, day=day)
    return ahead.say(name=one.name, day=day, days=days_left(one.ends, now=now))


def forget(connection: Connection, municipality: str, gone: Iterable[Known], *, now: int) -> None:
    """What is no more has no end."""
    for one in gone:
        cause = Cause(CODES[Thing(one.thing)], one.name)
        problems.close_cause(connection, municipality, one.connection, cause, now=now)
        expiries.forget(connection, municipality, [one])


def forget_all_but(connection: Connection, municipality: str, names: Iterable[str], *, now: int) -> None:
    """Of connections that are no more."""
    mine = frozenset(names)
    gone = [one for one in expiries.listed(connection, municipality) if one.connection not in mine]
    forget(connection, municipality, gone, now=now)


def answer(one: Known, *, now: int) -> ExpiryAnswer:
    """One thing, for a caller."""
    return ExpiryAnswer(
        connection=one.connection,
        thing=Thing(one.thing),
        name=one.name,
        ends_at=instant(one.ends),
        last_day=last_day(one),
        days=days_left(one.ends, now=now),
    )
