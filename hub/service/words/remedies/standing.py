"""What is wrong around it: with what comes in, what is kept in reserve, what ends, and who is told of events."""

from hub.service.words.remedies.remedy import Remedy, Table

STANDING: Table = {
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
