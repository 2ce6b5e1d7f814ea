"""A mapping document (mappning): what the items of a file mean, written by municipal IT without code."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub.model.frozen import Frozen

Expression = Annotated[str, Field(min_length=1, max_length=2000, description="a JMESPath expression")]


class TableFormat(Frozen):
    """How a table is written."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1, description="between the cells, e.g. ;")] = ";"
    encoding: Annotated[Literal["utf-8", "iso-8859-1", "windows-1252"], Field(description="of the file")] = "utf-8"
    required: Annotated[tuple[str, ...], Field(description="headings without which the file is another")] = ()


class MappingDocument(Frozen):
    """What a file's items are, and what each means. Expressions see `item`, and for JSON `context`."""

    description: Annotated[str, Field(min_length=1, max_length=500, description="which system's file this is")]
    reads: Annotated[Literal["csv", "json"], Field(description="csv: each row is an item; json: `items` says which")]
    gives: Annotated[Literal["attendance"], Field(description="what each item means")]
    table: Annotated[TableFormat, Field(description="of csv")] = TableFormat()
    items: Annotated[Expression | None, Field(description="of json: gives the list of items")] = None
    context: Annotated[Expression | None, Field(description="of json: what every item needs besides itself")] = None
    source_id: Annotated[Expression, Field(description="what the source calls the item: known again by it")]
    version: Annotated[Expression | None, Field(description="left out: the item is another when anything in it is")] = (
        None
    )
    message: Annotated[
        dict[str, object],
        Field(description="the message's fields; each text is an expression, and a list has `each` and `give`"),
    ]

    @model_validator(mode="after")
    def _says_what_items_are(self) -> Self:
        if (self.reads == "json") != (self.items is not None):
            msg = "json needs `items`, and csv none: each row is one"
            raise ValueError(msg)
        return self
