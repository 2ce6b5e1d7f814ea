"""What can be asked of a device: by the settings, narrowed by what it says of itself; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.access_onvif.client import AccessProfile, Capabilities
from connectors.access_onvif.config import Format, OnvifConfig
from connectors.access_onvif.translate import CARD, PIN, Device, digits_of
from hub.model import Method
from hub.sdk import AccessLimits, PinRules, Validity

SHORTEST_PIN, LONGEST_PIN = 4, 8
METHODS = {PIN: Method.PIN, CARD: Method.CARD}
COARSER = (Validity.TIMES, Validity.DATES, Validity.NONE)


def declared(config: OnvifConfig) -> AccessLimits:
    """By the settings alone."""
    return AccessLimits(
        methods=frozenset({Method.PIN} if config.card_format is None else {Method.PIN, Method.CARD}),
        card_and_pin=config.card_format is not None,
        pin=_rules(config.pin_format or Format.NUMBER32),
        validity=config.validity,
        windows_per_door=config.profiles_per_door,
    )


def learned(
    config: OnvifConfig,
    told: Capabilities,
    formats: Mapping[str, frozenset[str]],
    profiles: Iterable[AccessProfile],
) -> Device:
    """Put together what it said."""
    spoken = {kind: form for kind in (PIN, CARD) if (form := _chosen(kind, config, formats.get(kind, frozenset())))}
    doors: dict[str, list[str]] = {}
    for profile in sorted(profiles, key=lambda one: one.token):
        if profile.opens_something and profile.name:
            doors.setdefault(profile.name, []).append(profile.token)
    return Device(
        limits=_narrowed(declared(config), told, spoken, doors),
        formats=spoken,
        client_tokens=told.client_tokens,
        max_profiles=told.max_profiles,
        envelope=told.credential_validity,
        profiles=doors,
    )


def _narrowed(
    limits: AccessLimits, told: Capabilities, spoken: Mapping[str, Format], doors: Mapping[str, list[str]]
) -> AccessLimits:
    return replace(
        limits,
        methods=limits.methods & {METHODS[kind] for kind in spoken},
        card_and_pin=limits.card_and_pin and {PIN, CARD} <= spoken.keys(),
        pin=replace(limits.pin, lengths=_shorter(limits.pin.lengths, spoken.get(PIN))),
        validity=max(limits.validity, _validity(told), key=COARSER.index),
        windows_per_door=min(limits.windows_per_door or 1, _windows_per_door(doors, told.max_profiles)),
    )


def _chosen(kind: str, config: OnvifConfig, offered: frozenset[str]) -> Format | None:
    """The one of the settings; for PINs without one the first that we know."""
    if kind == CARD:
        return config.card_format if config.card_format and config.card_format.value in offered else None
    known = [form for form in Format if form.value in offered]
    if config.pin_format is not None:
        return config.pin_format if config.pin_format in known else None
    return known[0] if known else None


def _rules(form: Format) -> PinRules:
    longest = min(LONGEST_PIN, digits_of(form))
    return PinRules(lengths=range(SHORTEST_PIN, longest + 1), leading_zero=form is Format.TEXT)


def _shorter(lengths: range, form: Format | None) -> range:
    return range(lengths.start, min(lengths.stop, digits_of(form) + 1)) if form else lengths


def _validity(told: Capabilities) -> Validity:
    """Of each door by itself: where only the credential as a whole has times, one door would open at another's."""
    if not told.profile_validity:
        return Validity.NONE
    return Validity.TIMES if told.times else Validity.DATES


def _windows_per_door(doors: Mapping[str, list[str]], most: int) -> int:
    """As many as every door has access profiles, and all doors together have room for in one credential."""
    if not doors:
        return 1
    return max(1, min(*(len(tokens) for tokens in doors.values()), most // len(doors)))
