"""What has happened and will happen for a booking, in which system, when and why. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hub.clock import MINUTE, STOCKHOLM, instant, micros
from hub.model.answers import TimelineEntry
from hub.model.booking import Occasion
from hub.model.plan import Ask, Claim, TargetKind
from hub.planner.fold import NO_WINDOWS, RELEASE
from hub.planner.lines import Why, line
from hub.planner.rules import Timing
from hub.service.asking.asked import Asked
from hub.service.words.saying import Language, said
from hub.service.words.sentences import in_language
from hub.store.deliveries import Carried
from hub.store.events import Numbered
from hub.store.shown import Seen

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "occasion": "occasion {id} ({activity})",
        "before": "{minutes} min before it begins",
        "after": "{minutes} min after it ends",
        "sent": "sent {state}",
        "proof": "proof {proof}",
        "revoke": "revoke",
        "window": "1 window",
        "windows": "{count} windows",
        "release": "release",
        "on": "on",
        "off": "off",
        "repaired": "put back",
        "not_repaired": "a person must act",
        "daylight": "it is dark then",
        "latest-off": "past the hours of rest",
        "tail": "for those who are leaving",
        "purge": "to air out",
        "restrike": "the lamp could not strike again in the pause",
        "warning": "it will soon be dark",
        "warned": "the warning is over",
    },
    "sv": {
        "occasion": "tillfälle {id} ({activity})",
        "before": "{minutes} min innan det börjar",
        "after": "{minutes} min efter att det slutat",
        "sent": "skickade {state}",
        "proof": "bevis: {proof}",
        "revoke": "återkallelse",
        "window": "1 tidsfönster",
        "windows": "{count} tidsfönster",
        "release": "släpp",
        "on": "på",
        "off": "av",
        "repaired": "lades tillbaka",
        "not_repaired": "en person måste ta hand om det",
        "daylight": "då är det mörkt",
        "latest-off": "efter vilotiden",
        "tail": "för dem som är på väg ut",
        "purge": "för att vädra ur",
        "restrike": "lampan hinner inte tändas igen i pausen",
        "warning": "snart blir det mörkt",
        "warned": "varningen är över",
    },
}
_FIELDS: Mapping[Language, Mapping[str, str]] = {
    "en": {"starts_at": "from", "ends_at": "to"},
    "sv": {"target": "mål", "proof": "bevis", "state": "läge", "resource": "resurs", "occasion": "tillfälle",
           "rung": "steg", "role": "roll", "why": "skäl", "starts_at": "från",
           "ends_at": "till"},
}  # fmt: skip
"""What the fields of an event are called; one that is not named here is called as it is."""


class Story(NamedTuple):
    """All that a booking's timeline is told from."""

    asked: Asked
    occasions: Mapping[str, Occasion]
    lanes: Mapping[int, Seen]
    events: Iterable[Numbered]
    carried: Iterable[Carried]
    timing: Timing
    language: Language = "en"


def of_booking(story: Story, *, now: int) -> tuple[TimelineEntry, ...]:
    """Every entry, in order of time."""
    past = [*(_told(event, story) for event in story.events), *(_carried(one, story) for one in story.carried)]
    claims = [claim for claim in story.asked.claims.values() if not claim.suspended]
    future = [entry for claim in claims for entry in _coming(claim, story, now)]
    return tuple(sorted([*past, *future], key=lambda entry: entry.at))


def _told(event: Numbered, story: Story) -> TimelineEntry:
    fields = (_field(key, value, story.language) for key, value in json.loads(event.body).items() if value is not None)
    target = event.subject if "/" in event.subject else None
    detail = ", ".join(fields) or None
    return TimelineEntry(at=instant(event.at), what=event.type, target=target, detail=detail, past=True)


def _field(key: str, value: Any, language: Language) -> str:  # noqa: ANN401 - out of JSON
    """A field of an event in words."""
    if key == "repaired":
        return _WORDS[language]["repaired" if value else "not_repaired"]
    if key.endswith("_at"):
        value = f"{datetime.fromisoformat(value).astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
    name = _FIELDS[language].get(key, key)
    return f"{name} {value if language == 'en' else said(str(value), language)}"


def _carried(one: Carried, story: Story) -> TimelineEntry:
    seen, words = story.lanes[one.lane], _WORDS[story.language]
    sent = state_said(one.sent, story.language) if one.sent and seen.kind != TargetKind.RECORD else None
    proof = one.proof if story.language == "en" else said(one.proof or "", story.language)
    parts = (
        words["sent"].format(state=sent) if sent else None,
        words["proof"].format(proof=proof) if one.proof else None,
        in_language(one.detail, story.language),
    )
    return TimelineEntry(
        at=instant(one.at),
        what=one.outcome,
        target=f"{seen.connection}/{seen.key}",
        detail="; ".join(part for part in parts if part) or None,
        past=True,
    )


def state_said(state: str, language: Language) -> str:
    """A sent state in words; a credential's windows are counted, not listed."""
    words = _WORDS[language]
    if state == NO_WINDOWS:
        return words["revoke"]
    if state == RELEASE:
        return words["release"]
    if "[" in state:
        count = len(json.loads(state[state.index("[") :]))
        return words["window"] if count == 1 else words["windows"].format(count=count)
    kind, colon, level = state.partition(":")
    return _level(TargetKind(kind), int(level), language) if colon else state


def _coming(claim: Claim, story: Story, now: int) -> Iterator[TimelineEntry]:
    target, opens, shuts = "/".join(claim.target), *_why(claim, story)
    if claim.kind is TargetKind.CREDENTIAL:
        sent = claim.starts - story.timing.horizons.get(claim.target.connection, 0)
        moments = [
            (sent, "will be granted", opens),
            (claim.starts, "will open", opens),
            (claim.ends, "will shut", shuts),
        ]
    else:
        moments = [*_lit(claim, story, opens), (claim.ends, "will no longer be asked for", shuts)]
    for at, what, why in moments:
        if at > now:
            yield TimelineEntry(at=instant(at), what=what, target=target, detail=why, past=False)


def _lit(claim: Claim, story: Story, opens: str) -> Iterator[tuple[int, str, str]]:
    """Each level that the zone's rules let a claim have, were it alone."""
    for one in line([Ask(claim.starts, claim.ends, claim.level, "")], story.timing.line(claim.target)):
        why = opens if one.why is Why.BOOKED else _WORDS[story.language][one.why]
        yield one.starts, f"will be {_level(claim.kind, one.level, 'en')}", why


def _why(claim: Claim, story: Story) -> tuple[str, str]:
    """Why the claim begins, and ends, when it does: for which occasion, and how long before and after it."""
    words, occasion = _WORDS[story.language], story.occasions.get(claim.occasion)
    if occasion is None:
        return claim.door or claim.occasion, claim.door or claim.occasion
    about = words["occasion"].format(id=occasion.id, activity=occasion.activity)
    lead = (micros(occasion.starts_at) - claim.starts) // MINUTE
    lag = (claim.ends - micros(occasion.ends_at)) // MINUTE
    before = words["before"].format(minutes=lead) if lead else None
    after = words["after"].format(minutes=lag) if lag else None
    parts = [claim.door, about]
    return ", ".join(filter(None, [*parts, before])), ", ".join(filter(None, [*parts, after]))


def _level(kind: TargetKind, level: int, language: Language) -> str:
    match kind:
        case TargetKind.DIM:
            return f"{level} %"
        case TargetKind.SETPOINT:
            return f"{level / 10:g} °C"
    return _WORDS[language]["on" if level else "off"]
