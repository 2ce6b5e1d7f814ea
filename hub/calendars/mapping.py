"""How the columns of a table become the fields of bookings: a mapping, written in YAML by whoever knows the table."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, Field, ValidationError, field_validator

from hub.calendars.entries import unusable
from hub.calendars.options import CalendarOptions
from hub.model.frozen import Frozen
from hub.model.naming import ResourceId

Document = TypeVar("Document", bound=Frozen)
FIELDS = (
    "number", "revision", "status", "resource", "activity", "occasion",
    "starts_at", "ends_at", "date", "end_date", "starts", "ends", "minutes",
    "customer.kind", "customer.name", "customer.organisation_number", "customer.identity_number", "customer.protected",
    "customer.email", "customer.phone", "customer.invoice.peppol_id", "customer.invoice.reference",
    "holder.name", "holder.phone", "holder.email", "holder.protected", "holder.credential.kind",
    "holder.credential.number",
    "charge.article", "charge.text", "charge.quantity", "charge.unit_price", "charge.vat",
    "payment.kind", "payment.receipt",
)  # fmt: skip
"""What a cell can be."""
OF_THE_BOOKING = frozenset(
    name for name in FIELDS if name in {"number", "revision", "status"} or name.startswith(("customer.", "payment."))
)
"""What all rows of one booking must agree on."""


def _a_field(name: str) -> str:
    if name not in FIELDS:
        msg = f"no field is called {name[:60]!r}; there are {', '.join(FIELDS)}"
        raise ValueError(msg)
    return name


TableField = Annotated[str, AfterValidator(_a_field)]


class TableMapping(Frozen):
    """The columns of one kind of table."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1, description="between cells")] = ","
    encoding: Annotated[
        Literal["utf-8", "windows-1252", "iso-8859-1", "utf-16"], Field(description="how letters are written")
    ] = "utf-8"
    columns: Annotated[dict[str, TableField], Field(min_length=1, description="each column's heading: its field")]
    constants: Annotated[dict[TableField, str], Field(description="fields that are the same in every row")] = Field(
        default_factory=dict
    )
    values: Annotated[
        dict[TableField, dict[str, str]], Field(description="for a field: what a cell says, and what that means")
    ] = Field(default_factory=dict)
    resources: Annotated[dict[str, ResourceId], Field(description="what the resource's cell says: which it is")] = (
        Field(default_factory=dict)
    )
    moment_format: Annotated[str, Field(description="of starts_at and ends_at; iso, or as %Y-%m-%d %H:%M")] = "iso"
    date_format: Annotated[str, Field(description="of date and end_date")] = "%Y-%m-%d"
    time_format: Annotated[str, Field(description="of starts and ends")] = "%H:%M"

    @field_validator("moment_format", "date_format", "time_format")
    @classmethod
    def _a_format(cls, told: str) -> str:
        """A format that cannot be read with is found here, and not in every row."""
        if told != "iso":
            _try(told)
        return told

    @field_validator("columns")
    @classmethod
    def _one_column_a_field(cls, columns: dict[str, str]) -> dict[str, str]:
        doubled = sorted({field for field in columns.values() if list(columns.values()).count(field) > 1})
        if doubled:
            msg = f"{doubled[0]} comes from more than one column"
            raise ValueError(msg)
        return columns


def _try(told: str) -> None:
    if re.search(r"%[^YmdHMSyjpbBIfz%]", told):
        msg = f"{told!r} has a part that no date has; write it as %Y-%m-%d %H:%M"
        raise ValueError(msg)
    example = datetime(2026, 11, 23, 18, 30)  # noqa: DTZ001 - only tried on
    datetime.strptime(example.strftime(told), told)  # noqa: DTZ007 - likewise


def as_named() -> TableMapping:
    """The mapping of a table whose headings are the fields' own names."""
    return TableMapping(columns={name: name for name in FIELDS})


def read_mapping(text: str) -> TableMapping:
    """Read a table's mapping document.

    Raises:
        InvalidError: says what in it must be changed.
    """
    return _read(TableMapping, text)


def read_options(text: str) -> CalendarOptions:
    """Read what a calendar does not say. Raises InvalidError."""
    return _read(CalendarOptions, text)


def _read(kind: type[Document], text: str) -> Document:
    try:
        return kind.model_validate(document(text))
    except ValidationError as error:
        told = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False)]
        raise unusable("the mapping has faults: " + "; ".join(told[:10])) from None


def document(text: str) -> dict[str, Any]:
    """A YAML document that is a mapping. Raises InvalidError."""
    try:
        told = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise unusable(f"the mapping is not YAML: {str(error)[:300]}") from None
    if not isinstance(told, dict):
        raise unusable("the mapping is not a document of `name: value`")
    return told
