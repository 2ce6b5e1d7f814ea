"""Mapping documents: what municipal IT connects without code. Pure: no code in a document, no network, bounded work.

    mapping = Mapping(document)     # a hub.model.mapping.MappingDocument
    mapping.read_file(file)         # RawItem by RawItem, as a connector that reads files gives them
    mapping.translate(item)         # canonical messages, or RejectedError with its place

So a mapping stands wherever a connector's own reading and meaning could: the hub treats both alike.
"""

from hub.mapping.applying import Mapping
from hub.mapping.expressions import ExpressionError

__all__ = ["ExpressionError", "Mapping"]
