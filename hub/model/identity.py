"""Identity numbers, parsed once into types whose `repr` and `str` are masked; `.digits` says them.

Twelve digits for persons, ten for organisations. An organisation number whose third digit is 0 or 1 is a person's
(enskild firma) and is treated as one.

Source: Inera TKB 5.1 (samordningsnummer: month 00-12, day 60-91), Skatteverket SKV 704 and 709, read 2026-11-21.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_PERSON = re.compile(r"((?:18|19|20)\d{6})-?(\d{4})", re.ASCII)
_ORGANISATION = re.compile(r"(?:16)?(\d{6})-?(\d{4})", re.ASCII)
_COORDINATION_DAY = 60
_DOUBLED = {str(n): sum(divmod(2 * n, 10)) for n in range(10)}
"""The sum of the digits of twice a digit."""


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (modulus 10)."""
    return (sum(map(_DOUBLED.__getitem__, digits[0::2])) + sum(map(int, digits[1::2]))) % 10 == 0


@dataclass(frozen=True, slots=True, repr=False)
class IdentityNumber:
    """A number that must not be shown: only `digits` says it."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number; raises ValueError, which never holds the digits."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(********)"

    __str__ = __repr__

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's hook
        written = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema(max_length=20))
        made = core_schema.union_schema([core_schema.is_instance_schema(cls), written], mode="left_to_right")
        return core_schema.json_or_python_schema(
            json_schema=written,
            python_schema=made,
            serialization=core_schema.plain_serializer_function_ser_schema(_digits, when_used="json-unless-none"),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "maxLength": 20, "description": (cls.__doc__ or "").splitlines()[0]}


def _digits(number: IdentityNumber) -> str:
    return number.digits


class PersonNumber(IdentityNumber):
    """A personnummer or samordningsnummer, twelve digits."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take twelve digits, with or without hyphen; ten are refused, for they do not tell the century."""
        found = _PERSON.fullmatch(text.strip())
        if not found:
            msg = "write an identity number with twelve digits, YYYYMMDDNNNK"
            raise ValueError(msg)
        number = cls("".join(found.groups()))
        if not luhn_holds(number.digits[2:]):
            msg = "the identity number's check digit is wrong"
            raise ValueError(msg)
        number.require_a_day()
        return number

    @property
    def is_coordination_number(self) -> bool:
        """Whether it is a samordningsnummer: 60 is added to the day."""
        return int(self.digits[6:8]) >= _COORDINATION_DAY

    def require_a_day(self) -> None:
        """Raise ValueError unless the day exists; a samordningsnummer may have month 00 and day 60 (unknown)."""
        year, month, day = int(self.digits[:4]), int(self.digits[4:6]), int(self.digits[6:8])
        if self.is_coordination_number:
            if month > 12 or day > _COORDINATION_DAY + 31:  # noqa: PLR2004 - months, days
                msg = "the samordningsnummer's month or day is out of range"
                raise ValueError(msg)
            return
        try:
            date(year, month, day)
        except ValueError:
            msg = "the personnummer's birth date does not exist"
            raise ValueError(msg) from None


class OrganisationNumber(IdentityNumber):
    """An organisationsnummer, ten digits; a person's own number when the third digit is 0 or 1 (enskild firma)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take ten digits with or without hyphen, or twelve that begin with 16."""
        found = _ORGANISATION.fullmatch(text.strip())
        digits = "".join(found.groups()) if found else ""
        if not digits:
            msg = "an organisation number is ten digits, NNNNNN-NNNN"
            raise ValueError(msg)
        if not luhn_holds(digits):
            msg = "the organisation number's check digit is wrong"
            raise ValueError(msg)
        return cls(digits)

    @property
    def is_a_person(self) -> bool:
        """Whether a sole trader's own personnummer stands here."""
        return self.digits[2] in "01"
