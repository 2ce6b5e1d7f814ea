"""A municipality's configuration (kommunens konfiguration), as read and checked: frozen, and the same on every node.

Every setting that changes what a booking does is written out by the municipality: a key that was left out is found by
`check`, not guessed. What has no connection yet is `unserved` (rule 16): counted and warned of, never a problem.
"""

from typing import Annotated, Literal

from pydantic import Field

from hub.model.connection import Connection
from hub.model.facility import Capability, Facility
from hub.model.finance import BillingRule, Charging
from hub.model.frozen import Frozen
from hub.model.mapping import MappingDocument, TableFormat
from hub.model.naming import Name, Title
from hub.model.notifying import Booker, BookerWay, Digest, EmailWay, QuietHours, Role, SmsWay
from hub.model.registering import AuthorityRule, BookingDocument, BookingDocuments, Registering


class Retention(Frozen):
    """The decision by which data expires (gallringsbeslut); without one nothing does."""

    decision: Annotated[str, Field(min_length=1, description="reference of the decision, e.g. KS 2026/123")]
    bookings_days: Annotated[int, Field(ge=30, description="days after its last occasion")]
    intake_days: Annotated[
        int | None, Field(ge=1, description="days that raw incoming data is kept; left out: it does not expire")
    ] = None
    attendance_days: Annotated[
        int | None, Field(ge=30, description="days after the gathering; left out: attendance does not expire")
    ] = None
    passages_days: Annotated[
        int | None,
        Field(ge=1, description="days after somebody came to a door; left out: passages do not expire"),
    ] = None
    readings_days: Annotated[
        int | None,
        Field(
            ge=32,
            description="days that the hours of sensors, and when zones were lit, are kept; left out: they do not"
            " expire",
        ),
    ] = None
    documents_days: Annotated[
        int | None,
        Field(
            ge=1,
            description="days that the hub keeps its own copy of a document after it is registered, SHA-256 and number"
            " longer; left out: it does not expire",
        ),
    ] = None


class Duty(Frozen):
    """Who does a municipality-wide task; unserved while there is no connection."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None


class FinanceDuty(Duty):
    """Who takes invoices, and how they are made."""

    charging: Annotated[Charging, Field(description="left out: each booking is invoiced at once, 30 days")] = Charging()


class RegistryDuty(Duty):
    """Who registers documents, and how."""

    documents: Annotated[Registering, Field(description="left out: one register, and the hub's own titles")] = (
        Registering()
    )


class PopulationDuty(Duty):
    """Who knows who someone is, and how often it may be asked."""

    production: Annotated[
        bool, Field(description="whether it is the real register: then published test identity numbers are refused")
    ] = False
    test_numbers: Annotated[
        str | None,
        Field(description="path of a file of further test identity numbers, one a line; left out: those the hub knows"),
    ] = None
    per_day: Annotated[
        int | None,
        Field(ge=1, description="lookups a day, Swedish time, that may be paid for; left out: as many as are asked"),
    ] = None
    cache_minutes: Annotated[
        int,
        Field(
            ge=0, le=60, description="for how long who asked is answered the same again unasked; 0: no answer is kept"
        ),
    ] = 0


class Webhooks(Frozen):
    """Where events may be sent besides public addresses over https."""

    allow: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z0-9.:-]{1,253}$")], ...],
        Field(description="hosts, as they stand in the address, that may be inside the network or without TLS"),
    ] = ()


class Municipality(Frozen):
    """The municipality (kommun), or a joint authority or arena company."""

    key: Annotated[str, Field(pattern=r"^([0-9]{4}|[a-z][a-z0-9-]{2,30})$", description="kommunkod, or a short name")]
    name: Title
    time_zone: Annotated[Literal["Europe/Stockholm"], Field(description="where wall times are local")]
    awaits: Annotated[tuple[Capability, ...], Field(description="capabilities that Prefer: wait waits for")]
    retention: Annotated[Retention | None, Field(description="left out: nothing expires")] = None
    finance: Annotated[FinanceDuty, Field(description="who takes invoices and payouts")] = FinanceDuty()
    registry: Annotated[RegistryDuty, Field(description="who registers documents")] = RegistryDuty()
    population: Annotated[PopulationDuty, Field(description="who knows who someone is")] = PopulationDuty()
    notify: Annotated[dict[Name, Role], Field(description="roles that bookings may name, e.g. vaktmastare")] = Field(
        default_factory=dict
    )
    booker: Annotated[Booker | None, Field(description="what the customer of a booking is told; left out: nothing")] = (
        None
    )
    webhooks: Annotated[Webhooks, Field(description="left out: events go to public addresses over https")] = Webhooks()


class Configuration(Frozen):
    """One municipality's folder, whole."""

    municipality: Annotated[Municipality, Field(description="municipality.yaml")]
    connections: Annotated[dict[Name, Connection], Field(description="connections/<name>.yaml")] = Field(
        default_factory=dict
    )
    facilities: Annotated[dict[Name, Facility], Field(description="facilities/<name>.yaml")] = Field(
        default_factory=dict
    )
    mappings: Annotated[
        dict[Name, MappingDocument],
        Field(description="mappings/<name>/mapping.yaml, over those that come with the hub"),
    ] = Field(default_factory=dict)
    templates: Annotated[
        dict[str, str], Field(description="templates/<language>/<name>, over those that come with the hub")
    ] = Field(default_factory=dict)


DOCUMENTED_TYPES = (
    MappingDocument,
    TableFormat,
    Charging,
    BillingRule,
    Registering,
    AuthorityRule,
    BookingDocuments,
    BookingDocument,
)
NOTIFYING_TYPES = (EmailWay, SmsWay, BookerWay, QuietHours, Digest)
"""Documented with the folder's other types."""
