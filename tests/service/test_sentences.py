"""Details in the reader's language: the hub's own sentences in Swedish, and what a system says as it came."""

import string

import pytest

from hub.service.words import sentences
from hub.service.words.sentences import in_language


@pytest.mark.parametrize("sentence", sentences._SENTENCES, ids=lambda each: each.en)
def test_every_sentence_has_the_same_fields_in_both_languages_and_is_known_again(sentence: sentences.Sentence) -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert fields(sentence.en) == fields(sentence.sv)
    told = {name: f"x{name}" for name in fields(sentence.en)}
    assert in_language(sentence.say(**told), "sv") == sentence.sv.format(**told)
    assert in_language(sentence.say(**told), "en") == sentence.say(**told)


@pytest.mark.parametrize(
    "kept, swedish",
    [
        ("found 0 %, not 60 %", "avläst 0 %, ska vara 60 %"),
        ("found off, not on", "avläst av, ska vara på"),
        ("found 100 %, not 60 %: panic button", "avläst 100 %, ska vara 60 %: panic button"),
        ("shut off in the lock system: by the guard", "spärrad i passersystemet: by the guard"),
        ("granted, and reads nothing", "gavs, men avläses ingenting"),
        ("revoked, and still reads standing", "återkallad, men avläses ännu på plats"),
        ("POST /arx/import: no connection", "POST /arx/import: ingen förbindelse"),
        ("10.0.0.1:8883: the connection was lost", "10.0.0.1:8883: förbindelsen bröts"),
        ("GET /arx/export: 401; check the connection's user and password",
         "GET /arx/export: 401; kontrollera anslutningens användare och lösenord"),
        ("GET /: it asks for a client certificate; set client_certificate",
         "GET /: det begär ett klientcertifikat; ange client_certificate"),
        ("proxy 10.0.0.2:3128 refuses our user and password (407); correct the connection's proxy",
         "proxy 10.0.0.2:3128 nekar vår användare och vårt lösenord (407); rätta anslutningens proxy"),
        ("no room for one more", "no room for one more"),
        ("ARX has no access category named Hall; define it there",
         "ARX has no access category named Hall; define it there"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_hubs_words_are_told_in_swedish_and_a_systems_as_they_came(kept: str, swedish: str) -> None:
    assert in_language(kept, "sv") == swedish


def test_what_is_not_said_is_not_said() -> None:
    assert in_language(None, "sv") is None
