"""Looking at all that a hub shows: each route by a caller who needs it, the pages, the figures, the command line.

Here stands what may be seen where, and nothing else may.
"""

import asyncio

from click.testing import CliRunner

from hub.cli.main import knutpunkt
from tests.canary.town import TOWN
from tests.canary.world import World, entering

BOOKINGS = {"B-1": "the booker", "B-2": "a trader", "B-3": "somebody protected", "B-4": "a club"}
"""Whose each is."""
_FIELDS = ("name", "identity number", "email", "phone", "street", "city", "reference", "note")


def booked(whose: str) -> tuple[str, ...]:
    """What `bookings:read` shows of a booking: all that was told, and nothing that opens a door."""
    entering = (f"{which} of {whose}" for which in ("a holder", "a friend", "a new holder"))
    return tuple(f"{field} of {who}" for who in (whose, *entering) for field in _FIELDS)


ASKED: dict[str, tuple[str, str]] = {
    "/bookings/{number}": ("reader", "B-1"), "/bookings": ("reader", ""), "/closures": ("reader", ""),
    "/events": ("events", "?limit=1000"), "/subscriptions/{name}": ("events", "hook"),
    "/subscriptions": ("events", ""), "/subscriptions/{name}/deliveries": ("events", "hook"),
    "/resources": ("reader", ""), "/resources/{resource}": ("reader", "hallen.bana-1"),
    "/zones:explain": ("operator", "?zone=lamps"),
    "/figures/energy": ("reader", ""), "/figures/energy.csv": ("reader", ""), "/sensors": ("reader", ""),
    "/problems": ("operator", ""), "/connections": ("operator", ""), "/readiness": ("operator", ""),
    "/status": ("operator", ""), "/deliveries": ("operator", "?limit=1000"), "/invoices": ("finance", ""),
    "/documents/{key}": ("registrar", "D-1"), "/imports": ("operator", ""),
    "/attendance": ("lists", "?from=2026-11-19&to=2026-11-21"), "/quarantine": ("operator", ""),
    "/persons/unsealings/{unsealing}": ("group", "1"), "/audit": ("auditor", "?limit=1000"),
    "/findings": ("operator", ""), "/spare-codes": ("operator", ""), "/applications/{key}": ("registrar", "A-1"),
    "/applications/{key}/files/{place}": ("registrar", "A-1/files/1"), "/doors:explain": ("operator", "?door=ENTRE"),
}  # fmt: skip
"""Every route that can be asked: who asks, and for what."""
SHOWN: dict[str, tuple[str, ...]] = {
    "/bookings/{number}": booked("the booker"),
    "/audit": ("* of a lookup",),
}
"""What those routes show on purpose; the others show nothing."""
NOT_ASKED = {"/v1", "/v1/{municipality}/events/stream", "/healthz", "/readyz", "/metrics"}
"""What is not about a municipality, and is asked besides; and the events once more, without end."""


async def look(here: World) -> None:
    """All of it."""
    await looked_into(here)
    for route, (key, name) in ASKED.items():
        begin, _, rest = route.partition("{")
        path = f"{begin}{name}" if "/" in name else f"{begin}{name}{rest.partition('}')[2]}"
        await here.ask("GET", path, key, may=SHOWN.get(route, ()))
    for number, whose in BOOKINGS.items():
        may = booked(whose)
        await here.ask("GET", f"/bookings/{number}", "reader", may=may, status=200)
        await here.ask("GET", f"/bookings/{number}", "core", may=(*may, *entering(number, whose)), status=200)
    await here.ask("GET", "/metrics", "admin", status=200)
    await _command_line(here)


async def looked_into(here: World) -> None:
    """Whatever an operator looks at when something is wrong."""
    for language in ("sv", "en"):
        for path in ("/problems", "/deliveries", "/readiness"):
            await here.ask("GET", f"{path}?language={language}", "operator", status=200)
        await here.ask("GET", f"/console/{TOWN}?lang={language}&hours=168", "operator", status=200)
    await here.ask("GET", "/status", "operator", status=200)


async def _command_line(here: World) -> None:
    """As an operator types, beside the hub that runs."""
    home, database = here.home, here.hub.settings.database
    (home / "backups").mkdir()
    remote, local = ["--url", str(here.client.base_url), "--database", database], ["--database", database]
    said: list[tuple[list[str], tuple[str, ...]]] = [
        (["check", str(home / "town")], ()),
        (["check", str(home / "town"), "--json"], ()),
        (["plan", str(home / "town"), *local], ()),
        (["history", *local], ()),
        (["status", *remote], ()),
        (["problems", *remote], ()),
        (["quarantine", "list", *remote], ()),
        (["reconcile", "locks", *remote], ()),
        (["explain", "B-1", *remote], entering("B-1", "the booker")),
        (["explain", "B-E0", *remote], entering("B-E0", "the unlucky")),
        (["audit", *local], ("* of a lookup",)),
        (["audit", "--csv", "--limit", "1000", *local], ("* of a lookup",)),
        (["audit", "verify", *local], ()),
        (["key", "list", *local], ()),
        (["backup", str(home / "backups" / "hub.zip"), *local], ()),
    ]
    env = here.systems.environment | {"LANG": "sv", "KNUTPUNKT_KEY": None}
    for words, may in said:
        result = await asyncio.to_thread(CliRunner().invoke, knutpunkt, words, env=env)
        here.ears.give("keys", here.keys["admin"].encode())
        here.ears.hear("command", f"knutpunkt {words[0]} ({result.exit_code})", result.output, may)
        assert result.exit_code in {0, 1}, f"{words}: {result.output} {result.exception!r}"
