"""Between canonical credentials and Seam's codes: pure. A credential is one code a door, found by its name, our key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from connectors.access_seam.client import OFFLINE, AccessCode
from hub.model import Credential, Method, Unsaid, Window
from hub.sdk import Condition, RejectedError, Sighting

MARK = "hub-"
"""How the name of every code of ours begins; others are never touched."""
MEDDLED = frozenset({"code_modified_external_to_seam", "salto_ks_user_not_subscribed"})
"""Somebody changed it or shut it off at the lock or in its maker's app."""
FULL = ("no_space_for_access_code_on_device", "_no_free_slots_available")
TAKEN = frozenset(
    {
        "duplicate_access_code",
        "duplicate_code_on_device",
        "duplicate_code_attempt_prevented",
        "schlage_detected_duplicate",
    }
)
"""The lock has that code already, under another name or from another hand."""
WORST_FIRST = (Condition.FAILED, Condition.DISABLED, Condition.COMING)


@dataclass(frozen=True)
class Changes:
    """What makes the codes as a credential says; in this order, so that the new opens before the old shuts."""

    code: SecretStr | None
    """For every door; None: the lock system is to make one, the same for all."""
    create: tuple[Window, ...]
    update: tuple[tuple[AccessCode, Window], ...]
    delete: tuple[AccessCode, ...]


def changes(credential: Credential, there: Iterable[AccessCode]) -> Changes:
    """Give what is to be done, with the codes that stand under the key.

    A code that is being removed is left to go. One that failed, or that somebody changed, is set anew.
    """
    spare = sorted((code for code in there if not is_leaving(code)), key=_sound_first)
    kept: dict[str, AccessCode] = {}
    for code in spare:
        kept.setdefault(code.device_id, code)
    windows = sorted(credential.windows, key=lambda window: window.door)
    known = (kept[window.door].code for window in windows if window.door in kept)
    chosen_here = credential.value if isinstance(credential.value, SecretStr) else None
    value = chosen_here or next(filter(None, known), None) or next(filter(None, (code.code for code in spare)), None)
    right = {window.door for window in windows if window.door in kept and _is_so(kept[window.door], window, value)}
    doors = {window.door for window in windows}
    return Changes(
        code=value,
        create=tuple(window for window in windows if window.door not in kept),
        update=tuple((kept[w.door], w) for w in windows if w.door in kept and w.door not in right),
        delete=tuple(code for code in spare if code.device_id not in doors or code is not kept[code.device_id]),
    )


def body_of(window: Window, code: SecretStr | None) -> dict[str, str]:
    """Give times and code as Seam takes them; the times are UTC."""
    times = {"starts_at": _instant(window.starts_at), "ends_at": _instant(window.ends_at)}
    return times if code is None else {**times, "code": code.get_secret_value()}


def new_code(key: str, window: Window, code: SecretStr | None) -> dict[str, str]:
    """Give a new code; those with one common key get one code, where Seam chooses it. The holder is not told."""
    return {"device_id": window.door, "name": key, "common_code_key": key, **body_of(window, code)}


def sighting_of(key: str, codes: Iterable[AccessCode]) -> Sighting[Credential] | None:
    """Give what stands under a key: the least of its doors decides. What is leaving shows only when nothing stays."""
    found = list(codes)
    if not found:
        return None
    staying = [code for code in found if not is_leaving(code)] or found
    values = {code.code for code in staying if code.code is not None}
    credential = Credential(
        key=key,
        method=Method.PIN,
        value=values.pop() if len(values) == 1 else Unsaid.NOT_TOLD,
        windows=frozenset(_window(code) for code in staying),
    )
    if len({code.device_id for code in staying}) < len(staying):
        return Sighting(credential, Condition.FAILED, "two codes in one lock")
    if values:
        return Sighting(credential, Condition.FAILED, "the locks have different codes")
    told = [(code.device_id, *condition_of(code)) for code in found]
    condition = next((c for c in WORST_FIRST if any(c is one for _, one, _ in told)), Condition.STANDING)
    detail = "; ".join(f"{door}: {said}" for door, _, said in sorted(told) if said)
    return Sighting(credential, condition, detail)


def sightings_of(codes: Iterable[AccessCode]) -> list[Sighting[Credential]]:
    """Give everything that has our mark."""
    by_key: dict[str, list[AccessCode]] = {}
    for code in codes:
        if code.name and code.name.startswith(MARK):
            by_key.setdefault(code.name, []).append(code)
    seen = (sighting_of(key, of) for key, of in sorted(by_key.items()))
    return [sighting for sighting in seen if sighting is not None]


def condition_of(code: AccessCode) -> tuple[Condition, str]:
    """Give how one code stands in its lock, and why.

    `set`, or put ahead into a lock that keeps times itself, is proof. What is accepted and waits for its day, for a
    lock that is offline, or for Seam's next try, is coming; the hub alarms when it is needed and still so.
    """
    faults = {fault.error_code for fault in code.errors}
    warned = {warning.warning_code for warning in code.warnings}
    if meddled := (faults | warned) & MEDDLED:
        return Condition.DISABLED, _said(meddled, "changed or shut off at the lock or in its maker's app")
    if serious := faults - OFFLINE:
        return Condition.FAILED, _said(serious, _remedy(serious))
    if code.status == "set" or (code.status == "unset" and code.is_scheduled_on_device):
        return Condition.STANDING, ""
    if waits := faults | warned:
        return Condition.COMING, _said(waits, "Seam tries again by itself")
    return Condition.COMING, f"Seam says {code.status}" if code.status in {"unset", "unknown"} else ""


def is_leaving(code: AccessCode) -> bool:
    """Whether it is on its way out; a removal that failed is to be asked for again."""
    return code.status == "removing" and not {fault.error_code for fault in code.errors} - OFFLINE


def ours(key: str) -> None:
    """Refuse a key without our mark.

    Raises:
        RejectedError: it might be somebody else's code.
    """
    if not key.startswith(MARK):
        raise RejectedError(f"{key}: keys in Seam begin with {MARK}; give the credential such a key")


def _is_so(code: AccessCode, window: Window, value: SecretStr | None) -> bool:
    same = (code.starts_at, code.ends_at) == (window.starts_at, window.ends_at)
    sound = condition_of(code)[0] in {Condition.STANDING, Condition.COMING}
    return same and sound and (value is None or code.code == value)


def _sound_first(code: AccessCode) -> bool:
    return condition_of(code)[0] is not Condition.STANDING


def _window(code: AccessCode) -> Window:
    """Give when it opens; times that make no window show as always, so that they are put right."""
    if code.starts_at is None or code.ends_at is None or code.ends_at <= code.starts_at:
        return Window.always(code.device_id)
    return Window(door=code.device_id, starts_at=code.starts_at, ends_at=code.ends_at)


def _said(reasons: Iterable[str], then: str) -> str:
    return f"{', '.join(sorted(reasons))} ({then})"


def _remedy(faults: Iterable[str]) -> str:
    if any(fault.endswith(FULL) for fault in faults):
        return "the lock is full; remove codes there"
    if TAKEN.intersection(faults):
        return "the lock has that code already; choose another"
    return "see the lock in Seam's console"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
