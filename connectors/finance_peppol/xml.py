"""UBL elements, written the same every time."""

import re
from collections.abc import Iterable

from lxml import etree

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
NAMESPACES = {"cac": CAC, "cbc": CBC}
_UNSAYABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
"""What XML cannot hold, and what has no place in a line of text."""

Inside = etree._Element | None  # noqa: SLF001 - lxml keeps the name of its own type so


def said(text: str) -> str:
    """The text as one line, without characters that XML lacks."""
    return _UNSAYABLE.sub(" ", text).strip()


def text(name: str, content: str, **attributes: str) -> etree._Element | None:
    """A `cbc` element; none where nothing is said, for empty ones are forbidden (PEPPOL-EN16931-R008)."""
    if not (content := said(content)):
        return None
    element = etree.Element(f"{{{CBC}}}{name}", attributes, nsmap=NAMESPACES)
    element.text = content
    return element


def group(name: str, *inside: Inside) -> etree._Element | None:
    """A `cac` element of others; none where all of them are left out."""
    return _filled(etree.Element(f"{{{CAC}}}{name}", nsmap=NAMESPACES), inside)


def document(name: str, namespace: str, inside: Iterable[Inside]) -> bytes:
    """A whole document, as bytes."""
    names: dict[str | None, str] = {None: namespace, "cac": CAC, "cbc": CBC}
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=names)
    _filled(root, inside)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _filled(element: etree._Element, inside: Iterable[Inside]) -> etree._Element | None:
    element.extend([one for one in inside if one is not None])
    return element if len(element) else None
