"""Between canonical credentials and what ARX keeps: pure."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from pydantic import SecretStr

from connectors.access_arx.client import AccessCategory, ArxData, Card, Event, Person
from connectors.access_arx.config import ArxConfig
from hub.model import Credential, Method, Passage, PassageOutcome, Refusal, Unsaid, Window
from hub.sdk import STOCKHOLM, Condition, RawItem, RejectedError, Sighting, widened

MARK = "hub-"
"""How the id of every person of ours begins; others are never touched."""
WALL_TIME = "%Y-%m-%d %H:%M:%S"
"""Of start_date and end_date: the server's local time, which is taken to be Sweden's."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def import_of(credential: Credential, there: ArxData, config: ArxConfig) -> ArxData:
    """Give the import that makes the person as the credential says, and deletes the cards it no longer has.

    Args:
        credential: what should be.
        there: what ARX has now: at least the person and the person's cards.
        config: formats and prefix.

    Raises:
        RejectedError: somebody else has that number, or it is no value that ARX takes.
    """
    ours(credential.key)
    card = _card(credential, config)
    held = {
        known.person_id for known in there.cards if (known.number, known.format_name) == (card.number, card.format_name)
    }
    if held - {credential.key}:
        raise RejectedError(f"{credential.key}: somebody else in ARX has that {credential.method}; choose another")
    old = there.of(credential.key).cards
    gone = (_deleted(known) for known in old if (known.number, known.format_name) != (card.number, card.format_name))
    return ArxData((_person(credential),), (card, *gone))


def removal_of(key: str, there: ArxData) -> ArxData | None:
    """Give the import that deletes the person of a key, and the person's cards; None when neither is there.

    Raises:
        RejectedError: the key has not our mark.
    """
    ours(key)
    found = there.of(key)
    if not (found.persons or found.cards):
        return None
    return ArxData((Person(key, deleted=True),), tuple(_deleted(card) for card in found.cards))


def ours(key: str) -> None:
    """Refuse a key without our mark.

    Raises:
        RejectedError: it might be somebody else's person.
    """
    if not key.startswith(MARK):
        raise RejectedError(f"{key}: keys in ARX begin with {MARK}; give the credential such a key")


def sighting_of(key: str, there: ArxData, config: ArxConfig) -> Sighting[Credential] | None:
    """Give what stands under a key; a person without a card opens nothing, and is no less there for that."""
    found = there.of(key)
    if not (found.persons or found.cards):
        return None
    person = found.persons[0] if found.persons else Person(key)
    method, value = _value(found.cards[0], config) if found.cards else (Method.PIN, Unsaid.NOT_TOLD)
    credential = Credential(
        key=key,
        method=method,
        value=value,
        second_value=SecretStr(person.pin_code) if person.pin_code else None,
        windows=frozenset(_window(category) for category in person.access_categories),
        holder="" if person.last_name == key else person.last_name,
    )
    return Sighting(credential, *_condition(found))


def sightings_of(there: ArxData, config: ArxConfig) -> list[Sighting[Credential]]:
    """Give everything that has our mark."""
    keys = {person.id for person in there.persons} | {card.person_id for card in there.cards}
    seen = (sighting_of(key, there, config) for key in sorted(keys) if key.startswith(MARK))
    return [sighting for sighting in seen if sighting is not None]


def masks(config: ArxConfig) -> list[str]:
    """Give what of the log is asked for."""
    return [*config.passage_events, *config.refused_events]


def identity_of(event: Event) -> str:
    """Give what an event is known again by; nothing can be read out of it."""
    told = (event.timestamp, event.name, event.door_id, event.door, event.person, event.card)
    return sha256("\0".join(told).encode()).hexdigest()[:16]


def items_of(events: tuple[Event, ...], config: ArxConfig) -> Iterator[RawItem]:
    """Give those that tell of a passage; names of other people, codes and card numbers are left out here."""
    for event in events:
        if any(_is_of(event.name, mask) for mask in masks(config)):
            kept = {
                "timestamp": event.timestamp,
                "name": event.name,
                "door": event.door_id or event.door,
                "person": event.person if event.person.startswith(MARK) else "",
            }
            content = json.dumps(kept, ensure_ascii=False).encode()
            yield RawItem(identity_of(event), content, f"event at {event.timestamp}")


def passage_of(item: RawItem, config: ArxConfig) -> Passage:
    """Give the passage that an item tells of.

    Raises:
        RejectedError: it has no door, or no time.
    """
    told = json.loads(item.content)
    if not (told["door"] and told["timestamp"].isdecimal()):
        raise RejectedError("an event without a door, or without a time; ask ASSA ABLOY", place=item.place)
    reason = _refusal(told["name"], config)
    return Passage(
        door=config.event_doors.get(told["door"], told["door"]),
        at=_EPOCH + timedelta(milliseconds=int(told["timestamp"])),
        outcome=PassageOutcome.PASSED if reason is None else PassageOutcome.REFUSED,
        reason=reason,
        key=told["person"] or None,
    )


def _refusal(name: str, config: ArxConfig) -> Refusal | None:
    """Why it was refused; of masks that pick it the longest says."""
    picked = sorted((mask for mask in masks(config) if _is_of(name, mask)), key=len)
    return config.refused_events.get(picked[-1]) if picked else Refusal.OTHER


def _is_of(name: str, mask: str) -> bool:
    return name == mask or name.startswith(f"{mask}.")


def _condition(found: ArxData) -> tuple[Condition, str]:
    match len(found.persons), len(found.cards):
        case 1, 1:
            return Condition.STANDING, ""
        case 1, 0:
            return Condition.DISABLED, "the person has no card"
        case 1, cards:
            return Condition.FAILED, f"the person has {cards} cards, and should have one"
    return Condition.FAILED, "a card without its person"


def _person(credential: Credential) -> Person:
    return Person(
        id=credential.key,
        last_name=credential.holder or credential.key,
        description=f"reference: {credential.key}",
        pin_code=credential.second_value.get_secret_value() if credential.second_value else "",
        access_categories=tuple(_category(window) for window in sorted(credential.windows, key=_by_door)),
    )


def _card(credential: Credential, config: ArxConfig) -> Card:
    if not isinstance(credential.value, SecretStr):
        raise RejectedError(f"{credential.key}: ARX makes up no {credential.method}; let the hub choose it")
    number = credential.value.get_secret_value()
    if credential.method is Method.PIN:
        return Card(config.pin_prefix + number, config.pin_format, credential.key)
    return Card(number, config.card_format, credential.key)


def _value(card: Card, config: ArxConfig) -> tuple[Method, SecretStr]:
    if card.format_name == config.pin_format:
        return Method.PIN, SecretStr(card.number.removeprefix(config.pin_prefix))
    return Method.CARD, SecretStr(card.number)


def _deleted(card: Card) -> Card:
    return Card(card.number, card.format_name, card.person_id, deleted=True)


def _category(window: Window) -> AccessCategory:
    wide = widened(window)
    return AccessCategory(window.door, _wall_time(wide.starts_at), _wall_time(wide.ends_at))


def _window(category: AccessCategory) -> Window:
    always = Window.always(category.name)
    starts_at = _moment(category.start_date) if category.start_date else always.starts_at
    ends_at = _moment(category.end_date) if category.end_date else always.ends_at
    return Window(door=category.name, starts_at=starts_at, ends_at=ends_at)


def _wall_time(moment: datetime) -> str:
    return moment.astimezone(STOCKHOLM).strftime(WALL_TIME)


def _moment(wall_time: str) -> datetime:
    return datetime.strptime(wall_time, WALL_TIME).replace(tzinfo=STOCKHOLM).astimezone(UTC)


def _by_door(window: Window) -> tuple[str, datetime]:
    return window.door, window.starts_at
