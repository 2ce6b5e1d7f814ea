"""What the hub says of a carrying, in both languages: kept in English, and told in Swedish to who reads that.

What a connector or a system says in its own words is told as it came.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from hub.service.words.saying import Language, said

_FIELD = re.compile(r"\{(\w+)\}")


class Sentence(NamedTuple):
    """One sentence with fields, which have the same names in both languages."""

    en: str
    sv: str

    def say(self, **values: object) -> str:
        """The sentence as it is kept."""
        return self.en.format(**values)


_SENTENCES: list[Sentence] = []


def _sentence(en: str, sv: str) -> Sentence:
    made = Sentence(en, sv)
    _SENTENCES.append(made)
    return made


FOUND = _sentence("found {found}, not {wanted}", "avläst {found}, ska vara {wanted}")
TOLD = _sentence("told {wanted}, and reads {found}", "fick {wanted}, men avläses {found}")
GRANTED_AND_LACKS = _sentence("granted, and lacks the doors {doors}", "gavs, men saknar dörrarna {doors}")
GRANTED_OTHERWISE = _sentence(
    "granted, and stands with other times or another value", "gavs, men står med andra tider eller ett annat värde"
)
GRANTED_AND_READS = _sentence("granted, and reads {found}", "gavs, men avläses {found}")
NOT_YET_THERE = _sentence("granted, and not yet at the doors", "given, men inte framme vid dörrarna än")
STILL_READS = _sentence("revoked, and still reads {found}", "återkallad, men avläses ännu {found}")
NOT_THERE = _sentence("not there, and should be", "finns inte, men ska göra det")
ANOTHER_THERE = _sentence("there, and not as it should be", "finns, men inte som den ska vara")
SHOULD_BE_GONE = _sentence("still there, and should be gone", "finns kvar, men ska vara borta")
OPENS = _sentence("opens {doors} until {until}", "öppnar {doors} till {until}")
ORPHANS = _sentence("grants that no booking asks for: {count}", "behörigheter som ingen bokning ber om: {count}")
NOT_FOUND_THERE = _sentence("it was sent, and is not found there", "skickades, men finns inte där")
TAKEN_AGAIN = _sentence("taken away again in the lock system", "borttagen igen i passersystemet")
SHUT_OFF = _sentence("shut off in the lock system", "spärrad i passersystemet")
NO_ANSWER_IN_TIME = _sentence("no answer in time", "inget svar i tid")
ANOTHER_PERSON = _sentence("the register told of another number", "registret svarade om ett annat nummer")
GUARDIANS_UNCLEAR = _sentence(
    "who has custody is told without a number, or of more than two", "vårdnadshavare utan nummer, eller fler än två"
)
TEST_GUARDIAN = _sentence("a guardian has a test number", "en vårdnadshavare har ett testnummer")
NOT_ASKED_NOW = _sentence("it does not answer, and is not asked just now", "det svarar inte, och frågas inte just nu")
NO_TEST_LIST = _sentence("test_numbers: the file cannot be read", "test_numbers: filen går inte att läsa")
NOT_RUNNING_HERE = _sentence("no such connection runs here", "ingen sådan anslutning körs här")
WAITS_FOR_ROOM = _sentence(
    "waits for room: {taken} of ours are in the lock system, which has room for {room}",
    "väntar på plats: {taken} av våra ligger i passersystemet, som har plats för {room}",
)
NO_ROOM = _sentence(
    "{taken} of ours are in the lock system, which has room for {room}, and more are needed now",
    "{taken} av våra ligger i passersystemet, som har plats för {room}, och fler behövs nu",
)
OPENS_NO_DOORS = _sentence("the connection opens no doors", "anslutningen öppnar inga dörrar")
CONTROLS_NO_ZONES = _sentence("the connection controls no zones", "anslutningen styr inga zoner")
PAUSED = _sentence("the connection is paused", "anslutningen är pausad")
OBSERVES = _sentence("the connection observes, and sends nothing", "anslutningen observerar, och skickar inget")
LATE_FOR_MAINTENANCE = _sentence(
    "needed {needed}, maintenance until {until}", "behövs {needed}, servicefönster till {until}"
)
CLOCK_OFF = _sentence("its clock is {seconds} s from ours", "dess klocka går {seconds} s fel mot vår")
LACKS_KEYS = _sentence("it does not have {keys}", "det saknar {keys}")
SERVER_ENDS = _sentence(
    "the certificate of {name} ends {day}, days left: {days}",
    "certifikatet för {name} går ut {day}, dagar kvar: {days}",
)
SERVER_ENDED = _sentence("the certificate of {name} ended {day}", "certifikatet för {name} gick ut {day}")
CLIENT_ENDS = _sentence(
    "our client certificate in {name} ends {day}, days left: {days}",
    "vårt klientcertifikat i {name} går ut {day}, dagar kvar: {days}",
)
CLIENT_ENDED = _sentence("our client certificate in {name} ended {day}", "vårt klientcertifikat i {name} gick ut {day}")
CA_ENDS = _sentence(
    "the private CA in {name} ends {day}, days left: {days}",
    "den privata CA:n i {name} går ut {day}, dagar kvar: {days}",
)
CA_ENDED = _sentence("the private CA in {name} ended {day}", "den privata CA:n i {name} gick ut {day}")
CREDENTIALS_END = _sentence(
    "the account or its password ends {day}, days left: {days}",
    "kontot eller dess lösenord går ut {day}, dagar kvar: {days}",
)
CREDENTIALS_ENDED = _sentence("the account or its password ended {day}", "kontot eller dess lösenord gick ut {day}")
UNOPENED = _sentence(
    "{count} sealed values open with no key of the file", "{count} skyddade uppgifter öppnas av ingen nyckel i filen"
)
UNREGISTERED = _sentence(
    "{count} documents have no registry number yet, the first came {since}",
    "{count} handlingar har ännu inget diarienummer, den första kom {since}",
)
SPARES_LOW = _sentence("{count} spare codes of {facility} are free", "{count} reservkoder för {facility} är lediga")
SPARES_UNREAD = _sentence(
    "the file of spare codes of {facility} is not there, is empty, or has a line that is no code; {count} are free of"
    " those that were known",
    "filen med reservkoder för {facility} finns inte, är tom eller har en rad som inte är en kod; {count} av dem som"
    " redan är kända är lediga",
)
NO_NUMBER_YET = _sentence(
    "the registry has it, and has given it no number yet", "diariet har den men har ännu inte gett den något nummer"
)
DISMISSED = _sentence("given up by {who}: {reason}", "avskriven av {who}: {reason}")
DISMISSED_UNSAID = _sentence("given up by {who}", "avskriven av {who}")
RAISED = _sentence("{connector} raised {error} at {place}", "{connector} föll med {error} vid {place}")
RAISED_IN_CHECK = _sentence("{connector} raised {error} in check", "{connector} föll med {error} vid provet")
SENDS_NO_MESSAGES = _sentence("the connection sends no messages", "anslutningen skickar inga meddelanden")
QUIET = _sentence("waits for the end of quiet hours", "väntar på att den tysta tiden tar slut")
WAITS_FOR_CODE = _sentence("waits for the door code", "väntar på dörrkoden")
WAITS_FOR_TURN = _sentence("waits for another message to go first", "väntar på att ett annat meddelande går först")
NOBODY_TO_TELL = _sentence("nobody is to be told any more", "ingen ska få veta längre")
NOTHING_TO_TELL = _sentence("nothing to tell that is not known", "inget att meddela som inte är känt")
NOT_TO_BE_TOLD = _sentence("not to be told of what is {kind}", "ska inte få veta av det som är {kind}")
_SENTENCES += [  # of messages, and what `hub.sdk` and our connectors say of any line: they know no language
    Sentence("overtaken before it was sent", "ersatt innan det skickades"),
    Sentence(
        "nobody knows whether it came: ask the recipient, then retry it or dismiss it",
        "ingen vet om det kom fram: fråga mottagaren och försök sedan igen eller skriv av det",
    ),
    Sentence(
        "nobody knows whether it came: ask the registry, then retry it or dismiss it",
        "ingen vet om det kom fram: fråga diariet och försök sedan igen eller skriv av det",
    ),
    Sentence("1 row in quarantine", "1 post i karantän"),
    Sentence("{count} rows in quarantine", "{count} poster i karantän"),
    Sentence("{where}: no connection", "{where}: ingen förbindelse"),
    Sentence("{where}: no connection to {host}, no machine has that name; check the address",
             "{where}: ingen förbindelse med {host}, ingen maskin heter så; kontrollera adressen"),
    Sentence("{where}: no connection to {host}, nobody listens there",
             "{where}: ingen förbindelse med {host}, ingen lyssnar där"),
    Sentence("{where}: no connection to {host}, {error}", "{where}: ingen förbindelse med {host}, {error}"),
    Sentence("{where}: no answer ({error})", "{where}: inget svar ({error})"),
    Sentence("{where}: {status}; check the connection's user and password",
             "{where}: {status}; kontrollera anslutningens användare och lösenord"),
    Sentence("{where}: we do not trust its certificate ({error}); check the connection's CA file and address",
             "{where}: vi litar inte på dess certifikat ({error}); kontrollera anslutningens CA-fil och adress"),
    Sentence("{where}: {error}; check the connection's CA file and address",
             "{where}: {error}; kontrollera anslutningens CA-fil och adress"),
    Sentence("{where}: {error}; check the connection's CA file", "{where}: {error}; kontrollera anslutningens CA-fil"),
    Sentence("{where}: the connection was lost", "{where}: förbindelsen bröts"),
    Sentence("{where}: it asks for a client certificate; set client_certificate",
             "{where}: det begär ett klientcertifikat; ange client_certificate"),
    Sentence("{where}: no handshake; does it ask for a client certificate?",
             "{where}: ingen handskakning; begär det ett klientcertifikat?"),
    Sentence("{where}: it does not take our client certificate", "{where}: det godtar inte vårt klientcertifikat"),
    Sentence("{where}: our client certificate is revoked", "{where}: vårt klientcertifikat är spärrat"),
    Sentence("{where}: our client certificate has expired", "{where}: vårt klientcertifikat har gått ut"),
    Sentence("{where}: it does not know the issuer of our client certificate",
             "{where}: det känner inte utfärdaren av vårt klientcertifikat"),
    Sentence("{where}: our client certificate opens nothing there",
             "{where}: vårt klientcertifikat ger ingen behörighet där"),
    Sentence("{where}: {status}; the proxy refuses our user and password; correct the connection's proxy",
             "{where}: {status}; proxyn nekar vår användare och vårt lösenord; rätta anslutningens proxy"),
    Sentence("{where}: the proxy does not lead there ({status}); have it allowed",
             "{where}: proxyn leder inte dit ({status}); låt öppna för det"),
    Sentence("{where}: the proxy does not reach it ({status})", "{where}: proxyn når det inte ({status})"),
    Sentence("{where} refuses our user and password ({status}); correct the connection's proxy",
             "{where} nekar vår användare och vårt lösenord ({status}); rätta anslutningens proxy"),
    Sentence("{where} does not lead to {target} ({status}); have it allowed there",
             "{where} leder inte till {target} ({status}); låt öppna för det där"),
    Sentence("{where} does not reach {target} ({status})", "{where} når inte {target} ({status})"),
    Sentence("ca_file: {file}: no certificate in PEM", "ca_file: {file}: inget certifikat i PEM"),
    Sentence("client_certificate: the key belongs to another certificate",
             "client_certificate: nyckeln hör till ett annat certifikat"),
    Sentence("client_certificate: the key needs its password", "client_certificate: nyckeln behöver sitt lösenord"),
    Sentence("client_certificate: no key in PEM", "client_certificate: ingen nyckel i PEM"),
    Sentence("client_certificate: no key in PEM that the password opens",
             "client_certificate: ingen nyckel i PEM som lösenordet öppnar"),
    Sentence("client_certificate: neither PEM nor PKCS#12 that the password opens",
             "client_certificate: varken PEM eller PKCS#12 som lösenordet öppnar"),
    Sentence("credentials_expire leads to no day; write 2027-03-01 there",
             "credentials_expire leder inte till någon dag; skriv 2027-03-01 där"),
    Sentence("the key file lacks key {key}, which seals this database; put the newest copy of it back",
             "nyckelfilen saknar nyckel {key}, som skyddar databasen; lägg tillbaka den nyaste kopian"),
    Sentence("{file}: without key {key}, or of another database; put the newest copy of it back",
             "{file}: utan nyckel {key}, eller en annan databas; lägg tillbaka den nyaste kopian"),
]  # fmt: skip
_VALUES: Mapping[str, str] = {
    "on": "på",
    "off": "av",
    "nothing": "ingenting",
    "coming": "på väg",
    "disabled": "spärrad",
    "standing": "på plats",
}


def in_language(detail: str | None, language: Language) -> str | None:
    """A kept detail for a reader of the language; what is not the hub's own is told as it came.

    A sentence of ours may go on with a colon and what the system said.
    """
    if detail is None or language == "en":
        return detail
    head, colon, rest = detail.partition(": ")
    return _translated(detail) or ((_translated(head) or head) + colon + rest)


def _translated(text: str) -> str | None:
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return sentence.sv.format(**{name: value_in_swedish(value) for name, value in found.groupdict().items()})
    return None


def value_in_swedish(value: str) -> str:
    """A level, a condition or a state."""
    return _VALUES.get(value) or said(value, "sv")


@cache
def _patterns() -> tuple[tuple[Sentence, re.Pattern[str]], ...]:
    return tuple((each, re.compile(_pattern(each.en), re.DOTALL)) for each in _SENTENCES)


def _pattern(template: str) -> str:
    """A regular expression for the sentence: its words as they are, its fields as anything."""
    parts = _FIELD.split(template)
    return "".join(re.escape(part) if n % 2 == 0 else f"(?P<{part}>.+?)" for n, part in enumerate(parts))
