"""What each kind of problem is called, and what to do about it, in Swedish and English."""

from typing import NamedTuple

from hub.service.words.saying import Language


class Remedy(NamedTuple):
    """A title, and what to do."""

    title: str
    remedy: str


_REMEDIES: dict[str, dict[Language, Remedy]] = {
    "unreachable": {
        "en": Remedy(
            "The system does not answer",
            "See that it is running and that the network between is up. The hub tries again by itself.",
        ),
        "sv": Remedy(
            "Systemet svarar inte", "Se att det är igång och att nätet dit fungerar. Navet försöker igen av sig självt."
        ),
    },
    "credentials": {
        "en": Remedy(
            "The system refuses our account or certificate",
            "Set the right password or certificate, then resume the connection.",
        ),
        "sv": Remedy(
            "Systemet nekar vårt konto eller certifikat",
            "Rätta lösenordet eller certifikatet och återuppta anslutningen.",
        ),
    },
    "rejected": {
        "en": Remedy(
            "The system says no",
            "Correct what the message names, in the configuration or in the system, then retry the problem.",
        ),
        "sv": Remedy(
            "Systemet säger nej", "Rätta det som meddelandet nämner, i konfigurationen eller systemet, och försök igen."
        ),
    },
    "not-so": {
        "en": Remedy(
            "Told, and does not obey",
            "Look at the lamp, valve or controller itself: the system took the command but its state is another.",
        ),
        "sv": Remedy(
            "Tog emot men lyder inte",
            "Titta på lampan, ventilen eller styrenheten: systemet tog emot kommandot men läget är ett annat.",
        ),
    },
    "still-there": {
        "en": Remedy(
            "Revoked, and still opens", "Take the credential away by hand in the lock system; the hub goes on trying."
        ),
        "sv": Remedy(
            "Återkallad men öppnar ännu", "Ta bort behörigheten för hand i passersystemet; navet fortsätter försöka."
        ),
    },
    "vanished": {
        "en": Remedy(
            "Somebody takes the credential away",
            "Ask who changes it in the lock system; retry the problem to grant it anew.",
        ),
        "sv": Remedy(
            "Någon tar bort behörigheten", "Fråga vem som ändrar i passersystemet; försök igen för att ge den på nytt."
        ),
    },
    "disabled": {
        "en": Remedy(
            "Somebody shut the credential off", "Find out why in the lock system. The hub does not switch it on again."
        ),
        "sv": Remedy(
            "Någon har spärrat behörigheten", "Ta reda på varför i passersystemet. Navet slår inte på den igen."
        ),
    },
    "full": {
        "en": Remedy(
            "The lock system is full, and more credentials are needed now",
            "Have room made in the lock system, or cancel what needs none. `knutpunkt rehearse` tells beforehand when"
            " there are too many at once. What waits goes in by itself as soon as there is room.",
        ),
        "sv": Remedy(
            "Passersystemet är fullt och fler behörigheter behövs nu",
            "Skaffa plats i passersystemet, eller avboka det som inte behövs. `knutpunkt rehearse` säger i förväg när"
            " det blir för många på en gång. Det som väntar läggs in av sig självt så snart det finns plats.",
        ),
    },
    "orphaned-grants": {
        "en": Remedy(
            "Grants stand that no booking asks for",
            "See them with `knutpunkt reconcile`, and say of each: adopt it, revoke it, or ignore it for a time.",
        ),
        "sv": Remedy(
            "Behörigheter gäller som ingen bokning ber om",
            "Se dem med `knutpunkt reconcile` och säg för var och en: ta över, återkalla eller låt bero en tid.",
        ),
    },
    "bad-template": {
        "en": Remedy(
            "A template gives no text",
            "Correct the template at the line that the message names; `knutpunkt check` tells more. Then retry it.",
        ),
        "sv": Remedy(
            "En mall ger ingen text",
            "Rätta mallen på den rad som meddelandet nämner; `knutpunkt check` säger mer. Försök sedan igen.",
        ),
    },
    "connector-bug": {
        "en": Remedy(
            "The connector has a fault",
            "Send the message to whoever made the connector. The hub tries again by itself.",
        ),
        "sv": Remedy(
            "Fel i adaptern", "Skicka meddelandet till den som gjort adaptern. Navet försöker igen av sig självt."
        ),
    },
    "no-connection": {
        "en": Remedy(
            "The connection is gone", "Put the connection back in the configuration until nothing stands in its system."
        ),
        "sv": Remedy(
            "Anslutningen är borta",
            "Lägg tillbaka anslutningen i konfigurationen tills inget längre står i dess system.",
        ),
    },
    "not-opened": {
        "en": Remedy(
            "The connection cannot be opened with its settings",
            "Correct what the message names: a secret that is not to be had here, or a setting. It goes on with the"
            " settings of before, and is opened as soon as it can be.",
        ),
        "sv": Remedy(
            "Anslutningen kan inte öppnas med sina inställningar",
            "Rätta det som meddelandet nämner: en hemlighet som inte finns här, eller en inställning. Den fortsätter"
            " med de tidigare, och öppnas så snart det går.",
        ),
    },
    "clock": {
        "en": Remedy("The system's clock is wrong", "Set its clock: doors open early or late by as much."),
        "sv": Remedy("Systemets klocka går fel", "Ställ klockan: dörrar öppnar lika mycket för tidigt eller sent."),
    },
    "unknown-key": {
        "en": Remedy(
            "The configuration names what the system does not have",
            "Correct the key in the configuration, or make it in the system.",
        ),
        "sv": Remedy(
            "Konfigurationen nämner något som systemet saknar",
            "Rätta nyckeln i konfigurationen eller lägg upp den i systemet.",
        ),
    },
    "unknown-outcome": {
        "en": Remedy(
            "Nobody knows whether it came",
            "Ask whoever should have got it. If it did not come, retry the problem: it is sent again.",
        ),
        "sv": Remedy(
            "Ingen vet om det kom fram",
            "Fråga den som skulle ha fått det. Kom det inte fram: försök igen på problemet, så skickas det på nytt.",
        ),
    },
    "not-invoiced": {
        "en": Remedy(
            "What a booking costs cannot be invoiced",
            "Look at customer and charges of the bookings named, and have the booking core send them corrected."
            " The hub tries again every hour; the others are invoiced meanwhile. Tell us: it should have been refused.",
        ),
        "sv": Remedy(
            "Det en bokning kostar kan inte faktureras",
            "Se på kund och debitering i bokningarna som nämns, och låt bokningssystemet sända dem rättade."
            " Navet försöker igen varje timme; de andra faktureras under tiden. Säg till oss: den borde ha nekats.",
        ),
    },
    "unregistered-documents": {
        "en": Remedy(
            "Documents wait to be registered",
            "The law says without delay. See what stops them: a problem of the same connection, or"
            " `knutpunkt status`; register them by hand if it lasts.",
        ),
        "sv": Remedy(
            "Handlingar väntar på att diarieföras",
            "Lagen säger utan dröjsmål. Se vad som stoppar dem: ett problem på samma anslutning, eller"
            " `knutpunkt status`; diarieför för hand om det drar ut på tiden.",
        ),
    },
    "unplannable": {
        "en": Remedy(
            "Bookings cannot be planned anew",
            "What stands for them stays as it is. Have the booking core send them again with a new revision;"
            " if they name a resource that is gone, put it back into the configuration first.",
        ),
        "sv": Remedy(
            "Bokningar kan inte planeras om",
            "Det som redan gäller för dem ligger kvar. Låt bokningssystemet skicka dem igen med en ny revision;"
            " nämner de ett objekt som tagits bort, lägg först tillbaka det i konfigurationen.",
        ),
    },
    "quarantined-rows": {
        "en": Remedy(
            "Incoming data could not be understood",
            "See the rows under /quarantine (knutpunkt quarantine list): mend the mapping and run them again,"
            " or have the source send them corrected.",
        ),
        "sv": Remedy(
            "Inkommande data gick inte att förstå",
            "Se raderna under /quarantine (knutpunkt quarantine list): rätta mappningen och kör dem igen,"
            " eller låt källan skicka dem rättade.",
        ),
    },
    "unreadable-file": {
        "en": Remedy(
            "A file could not be read",
            "It lies in the folder for errors, the reason beside it. Have it sent again, whole and in its right form.",
        ),
        "sv": Remedy(
            "En fil gick inte att läsa",
            "Den ligger i felmappen med orsaken bredvid. Låt skicka den igen, hel och i rätt form.",
        ),
    },
    "incomplete-delivery": {
        "en": Remedy(
            "A delivery of changes has not all come",
            "Whom it marks as protected is marked. Fetch the missing files and lay them in the folder, or ask for the"
            " delivery again. If it can never be had, look up those who matter and try the problem again: then it ends,"
            " and what has come is told.",
        ),
        "sv": Remedy(
            "En leverans av ändringar har inte kommit hel",
            "De som den anger som skyddade är markerade. Hämta filerna som saknas och lägg dem i mappen, eller be"
            " Skatteverket om leveransen på nytt. Går den aldrig att få: slå upp dem som det gäller och försök igen på"
            " problemet, så upphör det och det som kommit talas om.",
        ),
    },
    "missing-delivery": {
        "en": Remedy(
            "A delivery of changes is missing between others",
            "Somebody may be protected, and nobody here knows. Fetch the missing delivery and lay it in the folder, or"
            " ask for it. If it can never be had, look up those who matter and try the problem again: then it ends.",
        ),
        "sv": Remedy(
            "En leverans av ändringar saknas mellan andra",
            "Någon kan ha fått skydd utan att det är känt här. Hämta leveransen som saknas och lägg den i mappen, eller"
            " be om den. Går den inte att få: slå upp dem som det gäller och försök igen på problemet, så slutar det.",
        ),
    },
    "changes-late": {
        "en": Remedy(
            "No changes come from the population register",
            "See that the order is in force, and that its files are fetched from SHS or e-transport and laid in the"
            " folder. It ends by itself when the next delivery comes.",
        ),
        "sv": Remedy(
            "Inga ändringar kommer från folkbokföringen",
            "Se att beställningen gäller och att filerna hämtas från SHS eller e-transport och läggs i mappen. Det"
            " upphör av sig självt när nästa leverans kommer.",
        ),
    },
    "spare-codes-low": {
        "en": Remedy(
            "Few spare codes are left",
            "Change the codes that rest in the lock, and put the new ones in the file in place of them; or add more."
            " Of a code that nobody can use any more though it is the same, say it by POST /spare-codes/{id}:changed.",
        ),
        "sv": Remedy(
            "Få reservkoder är kvar",
            "Byt de koder som vilar i låset och skriv de nya i filen i stället för dem; eller lägg till fler. Om en kod"
            " som är kvar men som ingen längre kan använda: säg det med POST /spare-codes/{id}:changed.",
        ),
    },
    "spare-codes-unread": {
        "en": Remedy(
            "The file of spare codes cannot be used",
            "See that it is there, that the hub may read it, and that it has one code a line and nothing else. What was"
            " read before is given meanwhile.",
        ),
        "sv": Remedy(
            "Filen med reservkoder kan inte användas",
            "Se att den finns, att navet får läsa den och att den har en kod på varje rad och inget annat. Det som"
            " lästs tidigare lämnas ut så länge.",
        ),
    },
    "lookups-spent": {
        "en": Remedy(
            "The day's lookups of the population register are spent",
            "Every lookup is refused until midnight, Swedish time, and then it ends by itself. Raise per_day under"
            " `population` in municipality.yaml if more are needed, and see in the audit who asks so much.",
        ),
        "sv": Remedy(
            "Dagens uppslag i folkbokföringen är slut",
            "Alla uppslag nekas till midnatt svensk tid, sedan upphör det av sig självt. Höj per_day under `population`"
            " i municipality.yaml om fler behövs, och se i granskningsloggen vem som frågar så mycket.",
        ),
    },
    "readings-lost": {
        "en": Remedy(
            "Readings of sensors were lost",
            "Have the device tell less often, or see why the database stood still. Ends after an hour without loss.",
        ),
        "sv": Remedy(
            "Mätvärden från givare har gått förlorade",
            "Låt enheten berätta mer sällan, eller se varför databasen stod still. Upphör efter en timme utan förlust.",
        ),
    },
    "source-down": {
        "en": Remedy(
            "Nothing can be fetched from the source",
            "See that the system or the folder is there and may be read. The hub tries again by itself.",
        ),
        "sv": Remedy(
            "Inget går att hämta från källan",
            "Se att systemet eller mappen finns och får läsas. Navet försöker igen av sig självt.",
        ),
    },
    "server-certificate": {
        "en": Remedy(
            "The system's certificate ends",
            "Have whoever runs the system renew it. Once it has ended the hub trusts it no more, and pauses the"
            " connection: resume it when the certificate is new.",
        ),
        "sv": Remedy(
            "Systemets certifikat går ut",
            "Be den som driver systemet förnya det. När det har gått ut litar navet inte på det och pausar"
            " anslutningen: återuppta den när certifikatet är nytt.",
        ),
    },
    "client-certificate": {
        "en": Remedy(
            "Our client certificate ends",
            "Order a new one from its issuer and put it in the file; the hub reads it by itself. Once it has ended the"
            " system refuses us and the connection pauses: resume it when the new one is there.",
        ),
        "sv": Remedy(
            "Vårt klientcertifikat går ut",
            "Beställ ett nytt hos utfärdaren och lägg det i filen; navet läser den av sig självt. När det har gått ut"
            " nekar systemet oss och anslutningen pausas: återuppta den när det nya är på plats.",
        ),
    },
    "private-ca": {
        "en": Remedy(
            "The private CA ends",
            "Put its successor in the file too, and take out what has ended; the hub reads it by itself. Once it has"
            " ended the system is not trusted and the connection pauses: resume it then.",
        ),
        "sv": Remedy(
            "Den privata CA:n går ut",
            "Lägg efterträdaren i filen också och ta bort det som har gått ut; navet läser den av sig självt. När den"
            " har gått ut litar navet inte på systemet och anslutningen pausas: återuppta den då.",
        ),
    },
    "credentials-end": {
        "en": Remedy(
            "The account or its password ends",
            "Have it prolonged, or set a new password where the reference leads, and write the new"
            " `credentials_expire` in the connection's file. Once it has ended the system refuses us and the connection"
            " pauses.",
        ),
        "sv": Remedy(
            "Kontot eller dess lösenord går ut",
            "Låt förlänga det, eller sätt ett nytt lösenord där referensen pekar, och skriv nytt `credentials_expire`"
            " i anslutningens fil. När det har gått ut nekar systemet oss och anslutningen pausas.",
        ),
    },
    "certificate-file": {
        "en": Remedy(
            "A certificate file cannot be used",
            "Mend the file that the message names; the hub reads it again by itself. Until then it goes on with what it"
            " read before, and would not start without it.",
        ),
        "sv": Remedy(
            "En certifikatfil går inte att använda",
            "Rätta filen som meddelandet nämner; navet läser den igen av sig självt. Till dess fortsätter det med vad"
            " det läst förut, och skulle inte starta utan den.",
        ),
    },
    "key-file": {
        "en": Remedy(
            "Sealed values cannot all be opened",
            "Put the newest copy of the key file back where it was, before the hub is stopped; it is read by itself.",
        ),
        "sv": Remedy(
            "Skyddade uppgifter går inte att öppna",
            "Lägg tillbaka den nyaste kopian av nyckelfilen där den låg, innan navet stoppas; den läses av sig självt.",
        ),
    },
    "subscriber-gone": {
        "en": Remedy(
            "A subscriber wants no more events",
            "Its endpoint answered 410: the subscription is paused. Resume it when the endpoint is back, or delete it.",
        ),
        "sv": Remedy(
            "En prenumerant vill inte ha fler händelser",
            "Mottagaren svarade 410: prenumerationen är pausad. Återuppta den när mottagaren är åter eller radera den.",
        ),
    },
    "events-held": {
        "en": Remedy(
            "A subscriber refuses an event",
            "Mend the endpoint. Later events about the same booking wait; the hub goes on trying until the age limit.",
        ),
        "sv": Remedy(
            "En prenumerant nekar en händelse",
            "Laga mottagaren. Senare händelser om samma bokning väntar; navet försöker till åldersgränsen.",
        ),
    },
    "events-given-up": {
        "en": Remedy(
            "Events were never received",
            "Mend the endpoint, then replay the subscription from a cursor before them.",
        ),
        "sv": Remedy(
            "Händelser kom aldrig fram", "Laga mottagaren och spela upp prenumerationen från en plats före dem."
        ),
    },
}


def remedy(code: str, language: Language = "en") -> Remedy:
    """The title and remedy of a problem's code; raises KeyError for one that nobody wrote."""
    return _REMEDIES[code][language]


def codes() -> frozenset[str]:
    """Every code of a problem."""
    return frozenset(_REMEDIES)
