"""The names of states as people say them, in Swedish and English; the command line says them the same way."""

from collections.abc import Mapping
from typing import Literal

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "en")

STATES: Mapping[Language, Mapping[str, str]] = {
    "sv": {
        "planned": "planerad",
        "standing": "gäller",
        "suspended": "vilar (avstängt)",
        "overridden": "ändrad för hand",
        "lost": "försvunnen",
        "removing": "tas bort",
        "removed": "borttagen",
        "done": "klar",
        "withdrawn": "återtagen",
        "waiting": "väntar",
        "due": "på tur",
        "sending": "skickas",
        "retrying": "försöker igen",
        "awaiting_user": "väntar på användaren",
        "stuck": "sitter fast",
        "confirmed": "bekräftad",
        "expired": "för sent",
        "superseded": "ersatt",
        "dismissed": "avskriven",
        "unserved": "ingen anslutning",
        "read": "avläst",
        "receipt": "kvitterad",
        "sent": "skickad",
        "running": "igång",
        "failing": "svarar inte",
        "paused": "pausad",
        "preliminary": "preliminär",
        "cancelled": "avbokad",
        "access": "passage",
        "lighting": "belysning",
        "climate": "klimat",
        "finance": "fakturering",
        "registry": "diarium",
        "notification": "meddelande",
    },
    "en": {
        "planned": "planned",
        "standing": "standing",
        "suspended": "suspended (closed)",
        "overridden": "changed by hand",
        "lost": "lost",
        "removing": "being removed",
        "removed": "removed",
        "done": "done",
        "withdrawn": "withdrawn",
        "waiting": "waiting",
        "due": "due",
        "sending": "being sent",
        "retrying": "trying again",
        "awaiting_user": "awaiting the user",
        "stuck": "stuck",
        "confirmed": "confirmed",
        "expired": "too late",
        "superseded": "superseded",
        "dismissed": "dismissed",
        "unserved": "no connection",
        "read": "read back",
        "receipt": "receipt",
        "sent": "sent",
        "running": "running",
        "failing": "does not answer",
        "paused": "paused",
        "preliminary": "preliminary",
        "cancelled": "cancelled",
        "access": "access",
        "lighting": "lighting",
        "climate": "climate",
        "finance": "finance",
        "registry": "registry",
        "notification": "notification",
    },
}
"""States of effects, records, deliveries, proofs, connections and bookings, and the capabilities, by their code."""


def said(code: str, language: Language) -> str:
    """A state, or several with commas between, as people say it; an unknown one as it is."""
    return ", ".join(STATES[language].get(one, one) for one in code.split(", "))
