"""The texts of the console, in Swedish and English."""

from collections.abc import Mapping

from hub.service.saying import LANGUAGES, Language

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "sv": {
        "title": "Är kvällen klar?",
        "yes": "Ja",
        "so_far": "Ja, så långt",
        "no": "Nej",
        "yes_long": "Allt som bokningarna behöver, och som har en anslutning, är avläst i sitt system.",
        "so_far_long": "Inget är fel; det som väntar har ännu inte nått sin tid, eller är inte avläst.",
        "no_long": "Något som en bokning behöver är fel, eller bör ses över.",
        "nothing": "Inga bokningar den här tiden.",
        "from_to": "{0} till {1}",
        "hours": "{0} timmar",
        "as_of": "Läget {0}. Sidan hämtas på nytt var trettionde sekund.",
        "problems": "Öppna problem",
        "no_problems": "Inga öppna problem.",
        "problems_hidden": "Nyckeln får inte se problem.",
        "since": "Sedan {0}",
        "times": "{0} stycken",
        "wait": "{0} väntar bakom det",
        "needed": "den första behövs {0}",
        "do": "Gör så här:",
        "resource": "Resurs",
        "booking": "Bokning",
        "when": "Behövs",
        "system": "System",
        "readiness": "Läge",
        "state": "Verkan",
        "proof": "Bevis",
        "detail": "Detalj",
        "none": "inget",
        "green": "Klar",
        "waiting": "Väntar",
        "yellow": "Att se över",
        "not_read": "Ej avläst",
        "by_hand": "Ändrad för hand",
        "awaiting_user": "Väntar på användaren",
        "dismissed": "Avskriven",
        "closed": "Avstängt",
        "next_try": "nästa försök {0}",
        "hit": "Drabbar: {0}.",
        "instead": "I stället är det sagt till: {0}.",
        "told": "sagt till {0} {1}",
        "retry": "När det är åtgärdat:",
        "held_paused": "{0}: pausad",
        "held_observe": "{0}: skickar inget",
        "held_maintenance": "{0}: servicefönster",
        "maintained": "{0}. Inget skickas dit under tiden; efteråt går det som behövs först före.",
        "paused_by": "Pausad av {0} {1}. Inget skickas dit förrän anslutningen återupptas.",
        "observed": "Anslutningen har mode: observe i konfigurationen: navet planerar men skickar inget.",
        "red": "Inte klar",
        "unserved": "Utan anslutning",
        "without": "Utan anslutning: {0}.",
        "unserved_long": "Inget av det här sköts av navet ännu.",
        "municipalities": "Kommuner",
        "key_needed": "En nyckel behövs",
        "key_how": "Skriv en API-nyckel som lösenord. Användarnamnet spelar ingen roll.",
        "forbidden": "Nyckeln får inte se det här",
        "not_found": "Kommunen finns inte här",
        "other_language": "In English",
        "resources": "Resurs för resurs",
        "skip": "Till resurserna",
    },
    "en": {
        "title": "Is tonight ready?",
        "yes": "Yes",
        "so_far": "Yes, so far",
        "no": "No",
        "yes_long": "All that the bookings need, and that has a connection, has been read back in its system.",
        "so_far_long": "Nothing is wrong; what waits has not reached its time yet, or has not been read back.",
        "no_long": "Something that a booking needs is wrong, or should be looked at.",
        "nothing": "No bookings in this time.",
        "from_to": "{0} to {1}",
        "hours": "{0} hours",
        "as_of": "As of {0}. The page is fetched anew every thirty seconds.",
        "problems": "Open problems",
        "no_problems": "No open problems.",
        "problems_hidden": "The key may not see problems.",
        "since": "Since {0}",
        "times": "{0} of them",
        "wait": "{0} wait behind it",
        "needed": "the first is needed {0}",
        "do": "What to do:",
        "resource": "Resource",
        "booking": "Booking",
        "when": "Needed",
        "system": "System",
        "readiness": "Readiness",
        "state": "Effect",
        "proof": "Proof",
        "detail": "Detail",
        "none": "none",
        "green": "Ready",
        "waiting": "Waiting",
        "yellow": "To look at",
        "not_read": "Not read back",
        "by_hand": "Changed by hand",
        "awaiting_user": "Awaiting the user",
        "dismissed": "Dismissed",
        "closed": "Closed",
        "next_try": "next try {0}",
        "hit": "Affects: {0}.",
        "instead": "Told instead: {0}.",
        "told": "{0} told {1}",
        "retry": "When it is mended:",
        "held_paused": "{0}: paused",
        "held_observe": "{0}: sends nothing",
        "held_maintenance": "{0}: maintenance",
        "maintained": "{0}. Nothing is sent there meanwhile; afterwards what is needed first goes first.",
        "paused_by": "Paused by {0} {1}. Nothing is sent there until the connection is resumed.",
        "observed": "The connection has mode: observe in the configuration: the hub plans, and sends nothing.",
        "red": "Not ready",
        "unserved": "No connection",
        "without": "No connection: {0}.",
        "unserved_long": "The hub takes care of none of this yet.",
        "municipalities": "Municipalities",
        "key_needed": "A key is needed",
        "key_how": "Give an API key as the password. The user name does not matter.",
        "forbidden": "The key may not see this",
        "not_found": "There is no such municipality here",
        "other_language": "På svenska",
        "resources": "Resource by resource",
        "skip": "To the resources",
    },
}


def preferred(accepted: str) -> Language:
    """The first of our languages that an Accept-Language names with the most weight; Swedish when it names none."""
    parts = [part.strip().partition(";q=") for part in accepted.lower().split(",")]
    weighed = [
        (-_weight(weight), place, language)
        for place, (name, _, weight) in enumerate(parts)
        for language in LANGUAGES
        if name.split("-")[0] == language
    ]
    return min(weighed)[2] if weighed else "sv"


def _weight(told: str) -> float:
    try:
        return float(told or 1)
    except ValueError:
        return 0.0
