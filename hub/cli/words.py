"""The texts of the command line, in Swedish and English. States are named in `hub.service.saying`."""

from collections.abc import Mapping

from hub.service.saying import Language, said

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "sv": {
        "times": "Tider är svensk tid.",
        "effects": "Verkan",
        "nothing": "inget",
        "none_open": "Inga öppna problem.",
        "target": "Mål",
        "state": "Läge",
        "delivery": "Leverans",
        "proof": "Bevis",
        "expected": "Väntas",
        "detail": "Detalj",
        "bookings": "Bokningar",
        "deliveries": "Leveranser",
        "unserved": "Utan anslutning",
        "connections": "Anslutningar",
        "problems": "Öppna problem",
        "status_of": "Kommun {municipality}, {now}",
        "booking_is": "Bokning {number}, revision {revision}, {status}",
        "accepted_at": "Mottagen {at} från {sent_by}, planerad med konfiguration {configuration}",
        "occasions": "Tillfällen",
        "occasion": "Tillfälle",
        "resource": "Resurs",
        "when": "När",
        "activity": "Aktivitet",
        "credentials": "Behörigheter",
        "holder": "Nyttjare",
        "kind": "Slag",
        "value": "Värde",
        "hidden": "(kräver credentials:read)",
        "doors": "Dörrar",
        "past": "Vad som har hänt",
        "coming": "Vad som ska hända",
        "what": "Vad",
        "others": "Andra som gör anspråk på samma mål",
        "number": "Bokning",
        "asks": "Begär",
        "money": "Pengar (kvar att betala: {owed} kr)",
        "article": "Artikel",
        "amount": "Belopp",
        "vat": "Moms",
        "invoice": "Faktura",
        "invoices": "Fakturor",
        "payable": "Att betala",
        "answer": "Svar",
        "conflicts": "Samma tid på samma resurs (båda gäller)",
        "read": "Läste {files} filer: {connections} anslutningar, {facilities} anläggningar, {resources} resurser, "
        "{mappings} mappningar.",
        "ok": "Kan användas. {warnings} varningar.",
        "not_ok": "Kan inte användas: {errors} fel, {warnings} varningar.",
        "line": "rad {line} {number}: {outcome}",
        "imported": "{lines} rader: {accepted} mottagna, {unchanged} oförändrade, {superseded} ersatta av nyare, "
        "{rejected} avvisade; {conflicts} krockar.",
        "in_the_way": "rad {line} {number}: {other} har {resource} {when}",
        "token": "Inget är sparat. Samma plan på riktigt: --token {token}",
        "rejected": "avvisad",
        "id": "Nr",
        "connection": "Anslutning",
        "since": "Sedan",
        "waiting": "Väntar",
        "remedy": "Gör så här",
        "more": "... och {count} till",
        "level": "nivå {level}",
        "bookings_differ": "Bokningar: {count} skiljer sig mellan kärnan och navet.",
        "systems_differ": "System: av {standing} bestående verkningar är {as_said} som navet säger, {unread} kan inte "
        "läsas, {moved_on} ska vara annat nu, {differing} var inte som navet sa.",
        "difference": "Skillnad",
        "there": "Kärnan",
        "here": "Navet",
        "missing-here": "saknas i navet",
        "missing-there": "saknas i kärnan",
        "older-here": "äldre i navet",
        "newer-here": "nyare i navet",
        "other-content": "annat innehåll",
        "lost": "borta",
        "overridden": "ändrat för hand",
        "mended": "skilde sig, och är lagat",
        "failing": "misslyckas",
        "unanswered": "hann inte läsas",
        "dismissed": "avskriven, och står kvar",
        "sending": "skickar",
        "working": "navet läser",
        "would_read": "Skulle läsas in (inget är sparat)",
        "was_read": "Inläst som import {id}",
        "not_read_whole": "Filen gick inte att läsa till slut: {detail}",
        "items_came": "{items} poster: {new} nya, {changed} ändrade, {doubles} kända och lika, "
        "{quarantined} i karantän.",
        "receipt_is": "Kvittens: {gatherings} sammankomster, {participants} deltagartillfällen, "
        "{leaders} ledartillfällen.",
        "changes_are": "Skulle ändras ({count})",
        "a_change": "{sign} {association} {card}/{code} {when}: {participants} deltagare, {leaders} ledare",
        "at_place": "{place}: {text}",
        "faults_are": "Gick inte att förstå ({count})",
        "remarks_are": "Räknas, men bör ses över ({count})",
        "overlaps_are": "På två ställen samtidigt ({count})",
        "overlap": "{association} {card}/{code} och {other_association} {other_card}/{other_code} {when}: {persons} "
        "personer, räknade på det första",
        "none_quarantined": "Inget i karantän.",
        "place": "Plats",
        "reason": "Orsak",
        "at": "Kom",
        "rerun": "{tried} prövade på nytt: {understood} förstods, {left} är kvar i karantän.",
        "dismissed_row": "Post {id} lämnas: {reason}",
        "fetched": "{files} filer, {items} poster: {new} nya, {changed} ändrade, {doubles} kända, "
        "{quarantined} i karantän.",
        "made": "Klart i {folder}. Kör pytest där; anslutningens namn är connector: {entry}.",
        "certified": "{name}: nivå {tier}; {passed} prov gick bra, {failed} gick fel.",
        "tested": "{name}: {samples} prov, {wrong} betyder något annat än väntat.",
        "yes": "ja",
        "no": "nej",
    },
    "en": {
        "times": "Times are Swedish time.",
        "effects": "Effects",
        "nothing": "nothing",
        "none_open": "No open problems.",
        "target": "Target",
        "state": "State",
        "delivery": "Delivery",
        "proof": "Proof",
        "expected": "Expected",
        "detail": "Detail",
        "bookings": "Bookings",
        "deliveries": "Deliveries",
        "unserved": "Without a connection",
        "connections": "Connections",
        "problems": "Open problems",
        "status_of": "Municipality {municipality}, {now}",
        "booking_is": "Booking {number}, revision {revision}, {status}",
        "accepted_at": "Accepted {at} from {sent_by}, planned with configuration {configuration}",
        "occasions": "Occasions",
        "occasion": "Occasion",
        "resource": "Resource",
        "when": "When",
        "activity": "Activity",
        "credentials": "Credentials",
        "holder": "Holder",
        "kind": "Kind",
        "value": "Value",
        "hidden": "(needs credentials:read)",
        "doors": "Doors",
        "past": "What has happened",
        "coming": "What will happen",
        "what": "What",
        "others": "Who else claims the same targets",
        "number": "Booking",
        "asks": "Asks for",
        "money": "Money (left to pay: {owed} SEK)",
        "article": "Article",
        "amount": "Amount",
        "vat": "VAT",
        "invoice": "Invoice",
        "invoices": "Invoices",
        "payable": "Payable",
        "answer": "Answer",
        "conflicts": "At the same time on the same resource (both stand)",
        "read": "Read {files} files: {connections} connections, {facilities} facilities, {resources} resources, "
        "{mappings} mappings.",
        "ok": "Can be used. {warnings} warnings.",
        "not_ok": "Cannot be used: {errors} errors, {warnings} warnings.",
        "line": "line {line} {number}: {outcome}",
        "imported": "{lines} lines: {accepted} accepted, {unchanged} unchanged, {superseded} superseded, "
        "{rejected} rejected; {conflicts} conflicts.",
        "in_the_way": "line {line} {number}: {other} has {resource} {when}",
        "token": "Nothing was stored. The same plan for real: --token {token}",
        "rejected": "rejected",
        "id": "No",
        "connection": "Connection",
        "since": "Since",
        "waiting": "Waiting",
        "remedy": "What to do",
        "more": "... and {count} more",
        "level": "level {level}",
        "bookings_differ": "Bookings: {count} differ between the core and the hub.",
        "systems_differ": "Systems: of {standing} standing effects {as_said} are as the hub says, {unread} cannot be "
        "read, {moved_on} are to be otherwise now, {differing} were not as the hub said.",
        "difference": "Difference",
        "there": "The core",
        "here": "The hub",
        "missing-here": "missing in the hub",
        "missing-there": "missing in the core",
        "older-here": "older in the hub",
        "newer-here": "newer in the hub",
        "other-content": "other content",
        "lost": "lost",
        "overridden": "changed by hand",
        "mended": "differed, and is mended",
        "failing": "fails",
        "unanswered": "not read in time",
        "dismissed": "dismissed, and still there",
        "sending": "sending",
        "working": "the hub reads",
        "would_read": "Would be read (nothing was stored)",
        "was_read": "Read as import {id}",
        "not_read_whole": "The file could not be read to its end: {detail}",
        "items_came": "{items} items: {new} new, {changed} changed, {doubles} known and the same, "
        "{quarantined} in quarantine.",
        "receipt_is": "Receipt: {gatherings} gatherings, {participants} marks of participants, {leaders} of leaders.",
        "changes_are": "Would change ({count})",
        "a_change": "{sign} {association} {card}/{code} {when}: {participants} participants, {leaders} leaders",
        "at_place": "{place}: {text}",
        "faults_are": "Could not be understood ({count})",
        "remarks_are": "Counts, and should be looked at ({count})",
        "overlaps_are": "In two places at once ({count})",
        "overlap": "{association} {card}/{code} and {other_association} {other_card}/{other_code} {when}: {persons} "
        "persons, counted at the first",
        "none_quarantined": "Nothing in quarantine.",
        "place": "Place",
        "reason": "Reason",
        "at": "Came",
        "rerun": "{tried} tried again: {understood} understood, {left} still in quarantine.",
        "dismissed_row": "Row {id} is left: {reason}",
        "fetched": "{files} files, {items} items: {new} new, {changed} changed, {doubles} known, "
        "{quarantined} in quarantine.",
        "made": "Made in {folder}. Run pytest there; a connection names it as connector: {entry}.",
        "certified": "{name}: tier {tier}; {passed} tests passed, {failed} failed.",
        "tested": "{name}: {samples} samples, {wrong} mean something else than expected.",
        "yes": "yes",
        "no": "no",
    },
}

_SWEDISH = {
    "booking.accepted": "bokningen mottagen",
    "booking.suspended": "bokningen vilar",
    "booking.resumed": "bokningen gäller igen",
    "booking.effective": "allt som bokningen begär är på plats",
    "credential.ready": "behörigheten klar",
    "credential.changed": "behörigheten ändrad",
    "outcome.revised": "utfallet ändrat",
    "time.released": "tiden släppt",
    "closure.in_force": "avstängt",
    "closure.lifted": "avstängningen hävd",
    "effect.lost": "verkan försvunnen",
    "effect.expired": "för sent",
    "effect.overridden": "ändrad för hand",
    "refund.requested": "återbetalning begärd",
    "invoice.transferred": "fakturan överförd",
    "invoice.answered": "svar på fakturan",
    "attendance.imported": "närvarofil inläst",
    "attendance.changed": "närvaro inkommen",
    "door.passed": "dörr passerad",
    "problem.started": "problem började",
    "problem.ended": "problem slutade",
    "will be granted": "behörigheten ges",
    "will open": "öppnar",
    "will shut": "stänger",
    "will no longer be asked for": "begärs inte längre",
    "will be on": "tänds",
    "will be off": "släcks",
}
"""What the API's timeline says; a level is said as it is."""
_UNSERVED = {"invoice": "faktura", "registration": "diarieföring"}


class Words:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        return TEXTS[self.language][key].format(**values)

    def state(self, code: str | None) -> str | None:
        """A state as people say it."""
        return said(code, self.language) if code else None

    def happening(self, what: str) -> str:
        """An entry of a timeline."""
        if self.language == "en":
            return said(what, "en")
        return _SWEDISH.get(what) or said(what, "sv").replace("will be ", "blir ")

    def unserved(self, told: str) -> str:
        """What there is no connection for: the capability as people say it, and which."""
        capability, colon, what = told.partition(": ")
        return f"{self.state(capability)}{colon}{_UNSERVED.get(what, what) if self.language == 'sv' else what}"

    def counts(self, counted: Mapping[str, object]) -> str:
        """States and how many of each."""
        return ", ".join(f"{self.state(code)} {count}" for code, count in counted.items()) or self("nothing")
