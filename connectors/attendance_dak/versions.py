"""The two versions of DAK, told apart by their namespace, and the schema of their records."""

import re
from enum import Enum
from functools import cache
from pathlib import Path

import xmlschema
from lxml import etree

_XSD = Path(__file__).with_name("records.xsd")


class Version(Enum):
    """A version, by its namespace. Source: DAK 2.1 and 2.2, importSchema, read 2026-11-21."""

    V21 = "http://aktivitetskort.net.umea.se/importSchema.xsd"
    V22 = "http://sverigesforeningssystem.se/importSchema.xsd"

    @property
    def number(self) -> str:
        """As people call it."""
        return "2.1" if self is Version.V21 else "2.2"

    def tag(self, name: str) -> str:
        """An element's name as lxml writes it."""
        return f"{{{self.value}}}{name}"


def _text(version: Version) -> str:
    """The schema of one version: what only the other has is taken out."""
    other = "2.2" if version is Version.V21 else "2.1"
    text = _XSD.read_text(encoding="utf-8").replace("NAMESPACE", version.value)
    return re.sub(rf"<!-- {re.escape(other)} -->.*", "", text)


@cache
def quick(version: Version) -> etree.XMLSchema:
    """Says whether a record is as it should be: libxml2, for every record."""
    return etree.XMLSchema(etree.fromstring(_text(version).encode()))


@cache
def thorough(version: Version) -> xmlschema.XMLSchema:
    """Says what is wrong with one that is not, each fault with its place."""
    return xmlschema.XMLSchema(_text(version))
