"""Secrets in places where they do not belong: whoever sends them is told what is wrong, and not what was sent."""

import base64
import json
from typing import Any

from tests.canary.papers import booking, person
from tests.canary.world import World

WHY = {"purpose": "bidragsprövning", "legal_basis": "9 § LOK", "asked_by": "anna.ek"}
_JSON, _LINES = {"Content-Type": "application/json"}, {"Content-Type": "application/x-ndjson"}


async def refused(here: World) -> None:
    """Bookings, lookups, documents, files, subscriptions, addresses."""
    p = here.planted
    slip = Slip(p.words("a slip"), p.number("a slip"), p.email("a slip"), p.card("a slip"), p.phone("a slip"))
    whole = {"number": "B-8", "revision": 1} | booking(p, "the booker", 6, person(p, "the booker"))
    wrong = [whole | more for more in slip.bookings(whole)]
    for body in wrong:
        await here.ask("PUT", "/bookings/B-8", json=body, status=422)
    lines = "\n".join([*map(json.dumps, (*wrong, slip.word, [slip.number])), slip.broken]).encode()
    await here.ask("POST", "/bookings", content=lines, headers=_LINES, status=200)
    await _broken(here, slip)
    for lookup in slip.lookups():
        await here.ask("POST", "/persons/lookup", "grants", json=lookup, status=422)
    for document in slip.documents():
        await here.ask("PUT", "/documents/D-8", "registrar", json=document, status=422)
    hook = {"url": f"http://{slip.word[:8]}:{slip.card}@10.1.1.1/{slip.number}", "types": [slip.word], slip.word: 1}
    await here.ask("PUT", "/subscriptions/wrong", "events", json=hook, status=422)
    file = f"<{slip.word}>{slip.number}".encode()
    await here.ask("POST", "/attendance/imports?format=lists", "lists", content=file, status=400)
    await here.ask("POST", f"/attendance/imports?format={slip.word}", "lists", content=file, status=400)
    inbox = await here.ask("POST", "/connections/lists/inbox", json={"who": slip.number, "name": slip.word})
    assert inbox.is_client_error
    await _addresses(here, slip)
    here.ears.give("what was refused", " ".join(slip.words).encode())


async def _broken(here: World, slip: "Slip") -> None:
    """No JSON at all, or what is said to be something else."""
    kinds = (_JSON, {"Content-Type": f"text/{slip.word[:10]}"})
    for path, key in (("/bookings/B-8", "core"), ("/documents/D-8", "registrar"), ("/closures/C-8", "core")):
        for headers in kinds:
            answer = await here.ask("PUT", path, key, content=slip.broken.encode(), headers=headers)
            assert answer.is_client_error, answer.text


async def _addresses(here: World, slip: "Slip") -> None:
    word, number, email = slip.word, slip.number, slip.email
    for path, key in (
        (f"/persons/{number}", "grants"), (f"/{number}/{email}", "core"),
        (f"/bookings?limit={number}&after={word}", "core"),
        (f"/bookings/{number}%20{word}", "core"), (f"/documents/{number}", "registrar"), (f"/resources/{word}", "core"),
        (f"/attendance?from={number}&to={email}&association={number}", "lists"),
        (f"/deliveries?{word}={number}", "operator"), (f"/deliveries?state={word}", "operator"),
        (f"/events?after={word}{number}", "events"), (f"/audit?act={number}", "auditor"),
        (f"/quarantine?after={number}x", "operator"), (f"/subscriptions/{number}{word}", "events"),
    ):  # fmt: skip
        answer = await here.ask("GET", path, key)
        assert answer.is_client_error, f"{path}: {answer.text}"


class Slip:
    """Secrets of one who writes things where they do not belong."""

    def __init__(self, word: str, number: str, email: str, card: str, phone: str) -> None:
        self.words = self.word, self.number, self.email, self.card, self.phone = word, number, email, card, phone

    @property
    def broken(self) -> str:
        """No JSON: its end is gone."""
        return json.dumps({"name": self.word, "identity_number": self.number})[:-1]

    def bookings(self, whole: dict[str, Any]) -> list[dict[str, Any]]:
        """What is wrong in each."""
        word, number, email, card, phone = self.words
        who, (hour,) = whole["customer"], whole["occasions"]
        entering = {"name": {word: phone}, "credential": card}
        return [
            {"customer": who | {"name": [word], "phone": email, "email": phone, "identity_number": int(number)}},
            {"customer": who | {"identity_number": f"{number}-{word}", "kind": word, "protected": email}},
            {"customer": who | {"address": {"street": word * 40, "postal_code": number * 2, "city": [word]}}},
            {"customer": who | {"name": word * 100, word: number, "organisation_number": number[:-1] + "x"}},
            {"customer": f"{word} {number}", word: {number: email}},
            {"occasions": [hour | {"starts_at": word, "resource": number, "activity": email}]},
            {"occasions": [hour | {"resource": f"hallen.{word}", "holders": [entering]}]},
            {"occasions": [hour | {"holders": [{"name": word, "credential": {"kind": "card", "number": [card]}}]}]},
            {"charges": [{"occasion": number, "article": word, "text": email, "quantity": phone, "unit_price": card}]},
            {"revision": number, "status": word, "notify": [number, email], "payment": {"kind": "prepaid", word: 1}},
            {"number": f"{word} {number}"},
        ]  # fmt: skip

    def lookups(self) -> list[Any]:
        """Questions that are none."""
        word, number, email, *_ = self.words
        return [
            {"identity_number": number}, {"identity_number": number[:-1] + word, **WHY},
            {"identity_number": int(number), **WHY}, {"identity_number": [number], "purpose": {word: email}},
            {number: word}, [number], number,
            {"identity_number": number, **WHY, "asked_by": word * 20, "guardians": email},
        ]  # fmt: skip

    def documents(self) -> list[dict[str, Any]]:
        """Documents that are none."""
        word, number, email, *_ = self.words
        content = base64.b64encode(word.encode()).decode()
        file = {"name": word, "media_type": number, "content": f"{content}?", "sha256": email}
        who = {"kind": "person", "name": [word], number: email}
        return [
            {"title": word, "direction": number, "received_at": email, "files": [file]},
            {"title": word * 60, "direction": "incoming", "counterpart": who},
            {"title": "Ansökan", "direction": "incoming", "authority": word, "received_at": "2026-11-20T10:00:00Z"},
        ]
