"""Codes that bookings share: when they change is written, and halls of one lock system agree on what they look like."""

from collections.abc import Iterator

from hub.configuration.finding import Finding
from hub.configuration.folder import Folder
from hub.configuration.sheet import Sheet
from hub.model.facility import CredentialRule, Facility, PinFormat, Strategy

_PLACE = ("access", "credential")


def codes(folder: Folder) -> Iterator[Finding]:
    """What is wrong with how credentials are given out, hall by hall and between halls."""
    first: dict[str, tuple[str, CredentialRule]] = {}
    for name, sheet, facility in folder.valid_facilities():
        if facility.access is None:
            continue
        rule = facility.access.credential
        yield from _changes(sheet, rule)
        yield from _drawable(sheet, rule.pin)
        if rule.strategy is Strategy.PER_ASSOCIATION and facility.access.connection:
            other, known = first.setdefault(facility.access.connection, (name, rule))
            if known != rule:
                message = (
                    f"an association has one code at `{facility.access.connection}`, and facilities/{other}.yaml has"
                    " another format or day of change; write the same in both"
                )
                yield sheet.error(_PLACE, "codes-disagree", message)


def _changes(sheet: Sheet[Facility], rule: CredentialRule) -> Iterator[Finding]:
    if rule.strategy is Strategy.PER_ASSOCIATION and rule.changes_on is None:
        message = "`changes_on` is left out; write the day on which associations get another code, `changes_on: 09-01`"
        yield sheet.error(_PLACE, "missing-key", message)
    if rule.strategy is not Strategy.PER_ASSOCIATION and rule.changes_on is not None:
        message = f"codes are given {rule.strategy}, and change with it; take `changes_on` out"
        yield sheet.error((*_PLACE, "changes_on"), "changes-by-itself", message)


def _drawable(sheet: Sheet[Facility], pin: PinFormat) -> Iterator[Finding]:
    if pin.leading_zero and "0" not in pin.alphabet:
        message = f"the keypad has no 0 (`alphabet: '{pin.alphabet}'`); write `leading_zero: false`"
        yield sheet.error((*_PLACE, "pin", "leading_zero"), "no-zero", message)
