"""What stops something that is to be sent, to a system, a register or a person."""

from hub.service.words.remedies.remedy import Remedy, Table

SENDING: Table = {
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
            "The system refuses our account or certificate, or we its own",
            "Set the right password or certificate, then resume the connection. Where it is we who do not trust its"
            " certificate, set the connection's `ca_file`.",
        ),
        "sv": Remedy(
            "Systemet nekar vårt konto eller certifikat, eller vi dess",
            "Rätta lösenordet eller certifikatet och återuppta anslutningen. Litar vi inte på dess certifikat:"
            " rätta anslutningens `ca_file`.",
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
    "not-as-granted": {
        "en": Remedy(
            "Granted, and the lock system holds something else",
            "Look at the doors and times of the credential there. A door that has another name there now is found by a"
            " test of the connection; correct its key, or the door's name. The hub goes on trying.",
        ),
        "sv": Remedy(
            "Gavs, men passersystemet har något annat",
            "Se på behörighetens dörrar och tider där. En dörr som heter något annat där nu hittas när anslutningen"
            " provas; rätta dess nyckel eller dörrens namn. Navet fortsätter försöka.",
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
}
