"""The canary's search finds a secret however it is written, and nothing else."""

import base64
import hashlib
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.canary.changing import Change
from tests.canary.hearing import Heard
from tests.canary.planted import Planted
from tests.canary.searching import Search

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "Latin-1": lambda told: told.encode("latin-1"),
    "UTF-16": lambda told: told.encode("utf-16"),
    "UTF-16, the other end first": lambda told: told.encode("utf-16-be"),
    "JSON": lambda told: json.dumps(told).encode(),
    "HTML": lambda told: html.escape(told).encode("ascii", "xmlcharrefreplace"),
    "an address": lambda told: quote(told).encode(),
    "quoted-printable": lambda told: quopri.encodestring(told.encode()),
    "Python": lambda told: ascii(told).encode(),
    "hexadecimal": lambda told: told.encode().hex().upper().encode(),
    "base64": lambda told: base64.b64encode(told.encode()),
    "base64 of more": lambda told: base64.b64encode(f"x{told}".encode()),
    "base64 of yet more": lambda told: base64.urlsafe_b64encode(f"xx{told} and more".encode()),
    "capitals": lambda told: told.upper().encode(),
}
HASHED: dict[str, Callable[[bytes], bytes]] = {
    "SHA-256": lambda told: hashlib.sha256(told).digest(),
    "SHA-256 in hexadecimal": lambda told: b"person=" + hashlib.sha256(told).hexdigest().encode(),
    "SHA-1 in base64": lambda told: (
        b'{"a":"' + base64.b64encode(hashlib.sha1(told, usedforsecurity=False).digest()) + b'"}'
    ),
    "MD5, cut short": lambda told: hashlib.md5(told, usedforsecurity=False).hexdigest()[:16].encode(),
    "ours, without the key": lambda told: hashlib.blake2b(b"2480/person/" + told, digest_size=16).hexdigest().encode(),
}


def found(planted: Planted, content: bytes, *may: str) -> set[str]:
    leaks = Search(planted.secrets.values()).leaks(
        [Heard("log", "there", b"before"), Heard("log", "there", content, may)]
    )
    return {leak.secret for leak in leaks}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_name_is_found(how: str) -> None:
    planted = Planted(1)
    name = planted.person_name("Lena")
    planted.person_name("Nils")
    assert found(planted, b"says: " + WRITTEN[how](name) + b".") == {"name of Lena"}


@pytest.mark.parametrize("spelled", ["{0}", "{1}-{2}", "{1}{2}", "{3}-{2}", "{3}+{2}", "p{3}{2}z"])
def test_an_identity_number_is_found(spelled: str) -> None:
    planted = Planted(2)
    number = planted.number("Lena")
    told = spelled.format(number, number[:8], number[8:], number[2:8])
    assert found(planted, told.encode()) == {"identity number of Lena"}


@pytest.mark.parametrize("how", HASHED)
def test_a_hash_without_a_key_is_found(how: str) -> None:
    planted = Planted(3)
    number = planted.number("Lena")
    assert found(planted, HASHED[how](number.encode())) == {"identity number of Lena"}
    assert found(planted, HASHED[how](b"197001019802")) == set()


def test_what_is_told_on_purpose_is_no_leak_and_the_rest_of_it_is() -> None:
    planted = Planted(4)
    told = f"{planted.person_name('Lena')} {planted.phone('Lena')} {planted.email('Lena')}".encode()
    assert found(planted, told, "name of Lena", "phone *") == {"email of Lena"}


def test_a_door_code_within_a_longer_number_is_chance() -> None:
    planted = Planted(5)
    planted.code("door code", "48123456")
    assert found(planted, b"at 1795481234560000") == set()
    assert found(planted, b"at 1795481234560000, code 48123456") == {"door code"}


def test_seeds_give_other_secrets() -> None:
    assert Planted(6).person_name("Lena") != Planted(7).person_name("Lena")


@pytest.mark.parametrize("old", ["MOST_BYTES = 256 * 1024", "def template_of(scope: Scope)", "is not there"])
def test_a_change_that_cannot_be_made_is_refused(old: str) -> None:
    change = Change(
        "", "log", "hub/api/around.py", old, old.replace("256", "257").replace("Scope)", "Scope, x: int = 3)")
    )
    with pytest.raises(LookupError):
        change.codes()
