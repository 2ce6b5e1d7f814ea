"""XML that others wrote: parsed without what XML can do to its reader, and read by local names."""

from lxml import etree

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def parse_xml(body: bytes, *, base_url: str | None = None) -> etree._Element:
    """Parse XML without document types, entities, comments, or a way to the network.

    Raises:
        ValueError: there is a document type.
        SyntaxError: it is no XML.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(body, parser, base_url=base_url)
    if root.getroottree().docinfo.doctype:
        raise ValueError("XML with a DOCTYPE")
    return root


def local_name(element: etree._Element) -> str:
    """The name of an element, without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children_of(element: etree._Element | None, name: str) -> list[etree._Element]:
    """The elements of that local name directly below, in order; none below none."""
    return [] if element is None else list(element.iterchildren(f"{{*}}{name}"))


def child_of(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The one element at the end of a path of local names; None where there is none, or only a nil.

    Raises:
        ValueError: there are several; which of them is meant cannot be known.
    """
    for name in path:
        found = children_of(element, name)
        if len(found) > 1:
            raise ValueError(f"several {name}")
        element = found[0] if found else None
    return None if element is None or element.get(NIL) in ("true", "1") else element


def text_of(element: etree._Element | None, *path: str) -> str:
    """What stands in the element at the end of a path, its blanks at both ends taken away; empty when nothing does."""
    found = child_of(element, *path)
    return "" if found is None or len(found) else (found.text or "").strip()
