"""A record of the service as a person: pure. Protection first, and closed: whatever is not a clear no is none.

Source: Sundsvalls kommun, Citizen API 3.0, read 2026-11-26; `N` as what is not set, and that classified persons are
left out, from what public services of the same municipality say of it.
"""

import re
from collections.abc import Iterator
from typing import Any

from connectors.population_rest.client import Tree
from connectors.population_rest.config import RestConfig
from hub.model import AddressKind, Person, PersonAddress, PersonLookup, Protected

FLAGS = ("classified", "protectedNR")
_KNOWN = frozenset({*FLAGS, "personId", "givenname", "lastname", "gender", "civilStatus", "nrDate", "addresses"})
"""All that a record has; anything else may be protection by another name."""
_SPEAKS_OF_PROTECTION = re.compile("sekretess|skydd|protected|classified", re.IGNORECASE)
_REGISTERED, _CURRENT = "POPULATION_REGISTRATION_ADDRESS", ("", "current")


def person(record: Tree | None, lookup: PersonLookup, config: RestConfig) -> Person:
    """Tell what may be told of the record.

    Args:
        record: of somebody whom the service has an id for; None where it gives none, as of the classified.
        lookup: what was asked.
        config: what means no.

    Raises:
        ValueError: it is no record, or where somebody is registered cannot be known.
    """
    number = lookup.identity_number
    protected = Protected.UNKNOWN if record is None else protection(record, config)
    if record is None or protected is not Protected.NO:
        return Person(identity_number=number, protected=protected)
    addresses = record.get("addresses") or []
    registered = _one([one for one in addresses if _is_registered(one)])
    abroad = _one([one for one in addresses if _is_current(one) and one.get("emigrated") is True])
    home, away = _address(registered, AddressKind.REGISTERED), _address(abroad, AddressKind.ABROAD)
    return Person(
        identity_number=number,
        protected=protected,
        name=" ".join(filter(None, (_text(record, "givenname"), _text(record, "lastname")))) or None,
        address=home or away,
        registered_address=home,
        municipality=_municipality(registered),
        emigrated="" if away and not home else None,
        deregistered=None if home else "unknown",
    )


def protection(record: Tree, config: RestConfig) -> Protected:
    """Whether the person is protected: no, only when both flags hold what means no."""
    said = [_said(record, flag, config.no_values) for flag in FLAGS]
    if Protected.YES in said:
        return Protected.YES
    strange = not record.keys() <= _KNOWN or any(_SPEAKS_OF_PROTECTION.search(name) for name in _inner_names(record))
    return Protected.NO if set(said) == {Protected.NO} and not strange else Protected.UNKNOWN


def _said(record: Tree, flag: str, no_values: tuple[str, ...]) -> Protected:
    """A word that does not mean no is a yes; no word, and what is none, is neither."""
    value = record.get(flag, 0)
    if value is None:
        value = ""
    if not isinstance(value, str):
        return Protected.UNKNOWN
    if value in no_values:
        return Protected.NO
    return Protected.YES if value.strip() else Protected.UNKNOWN


def _inner_names(tree: Any, *, top: bool = True) -> Iterator[str]:  # noqa: ANN401 - a tree of JSON
    """Every name in the record but those of the record itself."""
    inside = tree.items() if isinstance(tree, dict) else ((None, one) for one in tree) if isinstance(tree, list) else ()
    for name, value in inside:
        if name is not None and not top:
            yield name
        yield from _inner_names(value, top=False)


# ---------------------------------------------------------------- what is told of others


def _one(addresses: list[Tree]) -> Tree | None:
    if len(addresses) > 1:
        raise ValueError("several addresses of one kind")
    return addresses[0] if addresses else None


def _is_registered(address: Tree) -> bool:
    return address.get("addressType") == _REGISTERED and _is_current(address) and address.get("emigrated") is not True


def _is_current(address: Tree) -> bool:
    return _text(address, "status").casefold() in _CURRENT


def _text(tree: Tree | None, name: str) -> str:
    """What stands under a name, its blanks at both ends taken away; empty when nothing does.

    Raises:
        ValueError: it is no text.
    """
    value = (tree or {}).get(name)
    if not isinstance(value, str | None):
        raise ValueError(f"{name} is no text")  # noqa: TRY004 - of an answer, not of a call
    return (value or "").strip()


def _address(told: Tree | None, kind: AddressKind) -> PersonAddress | None:
    line, city, country = _street(told), _text(told, "city"), _text(told, "country")
    if not (line or city):
        return None
    area = _text(told, "addressArea")
    return PersonAddress(
        kind=kind,
        care_of=_text(told, "co"),
        lines=tuple(dict.fromkeys(filter(None, (area, line)))),
        postcode=_text(told, "postalCode").replace(" ", ""),
        city=city,
        country=country if kind is AddressKind.ABROAD else "",
    )


def _street(told: Tree | None) -> str:
    """Street, number, letter and flat; some services write the number into the street."""
    street, number = _text(told, "address"), _text(told, "addressNumber") + _text(told, "addressLetter")
    flat = _text(told, "appartmentNumber")
    return " ".join(part for part in (street, number if number not in street.split() else "", flat) if part)


def _municipality(told: Tree | None) -> str | None:
    """Four digits, or two after the county's two."""
    code, county = _text(told, "municipality"), _text(told, "county")
    whole = code if len(code) > 2 else county + code  # noqa: PLR2004 - digits
    return whole if re.fullmatch("[0-9]{4}", whole, re.ASCII) else None
