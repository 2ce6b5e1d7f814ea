"""Secrets that are seeded: each run has its own, and none stands anywhere by chance.

A word is told from all others by its first eight letters, which are written alike in every encoding; what follows them
is not. So whoever looks for those letters finds it in UTF-8, Latin-1, a URL, JSON, HTML and quoted-printable.
"""

import base64
import random
from dataclasses import dataclass, field

from hub.model import PersonNumber
from hub.model.identity import luhn_holds

HASHED_WITH = ("", "2480/person/", "2480/trader/", "2480/", "person/")
"""What may stand before a number that is hashed: known to everybody, and so no key."""
_LETTERS = "bcdfghjklmnpqrstvwxz"


@dataclass(frozen=True)
class Secret:
    """Something that must not be told."""

    name: str
    """What it is, for whoever reads that it was found."""
    value: str
    """As it was told to the hub."""
    spellings: tuple[str, ...]
    """How it may be written: what is looked for."""
    numbers: tuple[str, ...] = ()
    """All ways of writing it of which a hash without a key would tell it."""
    lone: bool = False
    """So few digits that a longer number may hold them by chance."""


def _name(name: str, value: str) -> Secret:
    return Secret(name, value, tuple(part[:8].lower() for part in value.split()), (value, *value.split()))


def _text(name: str, value: str, told: str = "") -> Secret:
    return Secret(name, value, (told or value.lower(),), (value,))


def _number(name: str, digits: str) -> Secret:
    century, day, last = digits[:2], digits[2:8], digits[8:]
    short = tuple(f"{day}{dash}{last}" for dash in ("", "-", "+", " "))
    spelled = (*short, *(f"{century}{one}" for one in short))
    return Secret(name, digits, short, tuple(f"{prefix}{one}" for prefix in HASHED_WITH for one in spelled))


def _phone(name: str, value: str) -> Secret:
    national = value.removeprefix("+46")
    spaced = f"{national[:2]}-{national[2:5]} {national[5:7]} {national[7:]}"
    return Secret(name, value, (national, spaced), (value, f"0{national}", f"46{national}"))


@dataclass
class Planted:
    """The secrets of one run; each is made when it is first asked for by its name."""

    seed: int
    secrets: dict[str, Secret] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def word(self, end: str = "") -> str:
        """A word that nobody has written."""
        return "".join(self._chance.choices(_LETTERS, k=10)).capitalize() + end

    def keep(self, secret: Secret) -> str:
        """Have it looked for."""
        self.secrets[secret.name] = secret
        return secret.value

    def person_name(self, whose: str) -> str:
        """A given name and a family name."""
        return self._known(f"name of {whose}") or self.keep(
            _name(f"name of {whose}", f"{self.word('å')} {self.word('ö')}")
        )

    def street(self, whose: str) -> str:
        """With a number."""
        return self._known(f"street of {whose}") or self.keep(_name(f"street of {whose}", f"{self.word('ä')}vägen"))

    def words(self, what: str) -> str:
        """One word for some text."""
        return self._known(what) or self.keep(_name(what, self.word("ö")))

    def email(self, whose: str) -> str:
        """An address."""
        name = f"email of {whose}"
        local = self.word().lower()
        return self._known(name) or self.keep(_text(name, f"{local}@brev.example", local))

    def phone(self, whose: str) -> str:
        """A mobile number of the range that nobody has."""
        name = f"phone of {whose}"
        return self._known(name) or self.keep(_phone(name, f"+4670{self._chance.randrange(10**7):07}"))

    def card(self, whose: str) -> str:
        """What is written on it."""
        name = f"card of {whose}"
        return self._known(name) or self.keep(_text(name, f"{self._chance.randrange(10**11, 10**12)}"))

    def number(self, whose: str, *, born: str = "") -> str:
        """A personal identity number that is valid, twelve digits."""
        name = f"identity number of {whose}"
        if known := self._known(name):
            return known
        day = born or f"{self._chance.randrange(1950, 2000)}{self._chance.randrange(1, 13):02}"
        day = day if len(day) == len("19700101") else f"{day}{self._chance.randrange(1, 29):02}"
        eleven = f"{day}{self._chance.randrange(100, 999)}"
        digits = next(f"{eleven}{n}" for n in range(10) if luhn_holds(f"{eleven[2:]}{n}"))
        return self.keep(_number(name, PersonNumber.parse(digits).digits))

    def password(self, what: str) -> str:
        """Of a connection."""
        name = f"password of {what}"
        value = f"{self.word()}-{self._chance.randrange(10**6):06}"
        return self._known(name) or self.keep(_text(name, value))

    def made(self, name: str, value: str) -> str:
        """One that nobody could guess: of such a one a hash may be kept. What it begins with is no secret."""
        return self.keep(Secret(name, value, (value.removeprefix("whsec_").removeprefix("kp_").lower(),)))

    def code(self, name: str, digits: str) -> str:
        """A door code."""
        return self.keep(Secret(name, digits, (digits,), (digits,), lone=True))

    def basic(self, what: str, user: str) -> None:
        """User and password as they are sent."""
        login = base64.b64encode(f"{user}:{self.password(what)}".encode()).decode()
        self.keep(Secret(f"login of {what}", login, (login.lower(),)))

    def _known(self, name: str) -> str:
        known = self.secrets.get(name)
        return known.value if known else ""
