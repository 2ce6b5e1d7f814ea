"""A municipality's configuration (kommunens konfiguration), as read and checked: frozen, and the same on every node.

Every setting that changes what a booking does is written out by the municipality: a key that was left out is found by
`check`, not guessed. What has no connection yet is `unserved` (rule 16): counted and warned of, never a problem.
"""

from datetime import date, timedelta
from enum import StrEnum, auto
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from hub.model.finance import BillingRule, Charging
from hub.model.frozen import Frozen
from hub.model.ladder import Rung
from hub.model.lit import LONGEST_RESTRIKE_MINUTES, LatestOff, OnlyWhenDark, Position, Purge, Tail, Warn
from hub.model.maintenance import Maintenance
from hub.model.mapping import MappingDocument, TableFormat
from hub.model.naming import ExternalKey, Name, ResourceId, Title
from hub.model.notifying import Booker, BookerWay, Digest, EmailWay, QuietHours, Role, SmsWay
from hub.model.registering import AuthorityRule, BookingDocument, BookingDocuments, Registering
from hub.model.sensing import Sensor

LONGEST_HORIZON_DAYS = 400
DIGITS = "0123456789"
Minutes = Annotated[int, Field(ge=0, le=24 * 60, description="whole minutes")]
_REFERENCE = r"\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^}]+)\}"
"""Where a secret is found."""


class Capability(StrEnum):
    """What a connection does for a resource."""

    ACCESS = auto()
    LIGHTING = auto()
    CLIMATE = auto()
    HOLD_OPEN = auto()
    """A door that is held open is a zone."""
    ALARM = auto()
    """So is an intruder alarm (larm) whose arming is postponed."""
    FINANCE = auto()
    NOTIFICATION = auto()
    REGISTRY = auto()
    POPULATION = auto()


class Strategy(StrEnum):
    """How credentials are given out."""

    PER_BOOKING = auto()
    """One PIN for the booking, on all its doors, for all its holders."""
    PER_HOLDER = auto()
    """One PIN for each distinct holder of the booking."""
    PER_ASSOCIATION = auto()
    """One PIN for each association or company, on all doors of all its bookings, another each season; for others one
    for the booking."""


class PinFormat(Frozen):
    """What a keypad takes, and how long a used PIN rests before it may be given again."""

    length: Annotated[int, Field(ge=4, le=10, description="digits")]
    leading_zero: Annotated[bool, Field(description="whether the first digit may be 0")]
    quarantine_days: Annotated[int, Field(ge=0, le=3650, description="days a used PIN rests")]
    alphabet: Annotated[
        str,
        Field(
            pattern=r"^[0-9A-Z*#]{4,36}$", description="what the keypad has, where that is not all digits, e.g. 12345"
        ),
    ] = DIGITS

    @field_validator("alphabet")
    @classmethod
    def _each_once(cls, alphabet: str) -> str:
        if len(set(alphabet)) < len(alphabet):
            msg = "write each character once"
            raise ValueError(msg)
        return alphabet


class CredentialRule(Frozen):
    """How the doors of a facility are opened."""

    strategy: Annotated[Strategy, Field(description="who shares a credential")]
    pin: Annotated[PinFormat, Field(description="format of PINs that the hub makes")]
    changes_on: Annotated[
        str | None,
        Field(
            pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$",
            description="day of the year on which associations get another PIN, 09-01; written with `per_association`,"
            " and only then",
        ),
    ] = None


class Door(Frozen):
    """One door, what its system calls it, and how much longer than the booking it opens."""

    key: ExternalKey
    serves: Annotated[
        Literal["all"] | tuple[ResourceId, ...], Field(description="resources whose bookings open it, or all places")
    ]
    lead_minutes: Minutes
    lag_minutes: Minutes


class Access(Frozen):
    """The doors of a facility (passage)."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None
    credential: Annotated[CredentialRule, Field(description="what opens them")]
    doors: Annotated[dict[str, Door], Field(min_length=1, description="each door by a name of ours")]
    fallback: Annotated[
        tuple[Rung, ...], Field(description="what is done instead when a credential is not confirmed in time")
    ] = ()


class LevelKind(StrEnum):
    """What kind of level a zone takes."""

    SWITCH = auto()
    """On or off; levels are `true`."""
    DIM = auto()
    """Light in per cent."""
    SETPOINT = auto()
    """Degrees Celsius, at most one decimal."""


class ZoneRule(Frozen):
    """One zone and what bookings ask of it: light, climate (ljuszon, klimatzon), a door held open, an alarm (larm)."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None
    key: ExternalKey
    capability: Annotated[
        Literal[Capability.LIGHTING, Capability.CLIMATE, Capability.HOLD_OPEN, Capability.ALARM],
        Field(
            description="lighting, climate, hold_open (a door is held open; kind: switch) or alarm (an alarm does not"
            " arm; kind: switch)"
        ),
    ]
    serves: Annotated[
        Literal["all"] | tuple[ResourceId, ...], Field(description="resources whose bookings want it, or all places")
    ]
    kind: Annotated[LevelKind, Field(description="switch (on and off), dim (per cent) or setpoint (degrees Celsius)")]
    levels: Annotated[
        dict[str, bool | int | float], Field(description="level by activity; `default` for any other", min_length=1)
    ]
    lead_minutes: Minutes
    lag_minutes: Minutes
    restrike_minutes: Annotated[
        int | None,
        Field(
            ge=1,
            le=LONGEST_RESTRIKE_MINUTES,
            description="how long the lamp must cool before it strikes again: a shorter pause between bookings is lit;"
            " left out: it strikes at once",
        ),
    ] = None
    only_when_dark: Annotated[OnlyWhenDark | None, Field(description="left out: also by day")] = None
    latest_off: Annotated[LatestOff | None, Field(description="left out: as long as it is booked")] = None
    tail: Annotated[Tail | None, Field(description="left out: nothing after the bookings")] = None
    warning: Annotated[Warn | None, Field(description="before it goes dark; only dim; left out: none")] = None
    purge: Annotated[Purge | None, Field(description="only climate; left out: nothing after the bookings")] = None

    empty_after_minutes: Annotated[
        int | None,
        Field(
            ge=5,
            le=24 * 60,
            description="how long into a booking nobody may be seen before `zone.booked_but_empty` is told; left out:"
            " it is not",
        ),
    ] = None
    unbooked_after_minutes: Annotated[
        int | None,
        Field(
            ge=1,
            le=24 * 60,
            description="how long it may be lit though nobody claims it before `zone.lit_but_unbooked` is told; left"
            " out: it is not",
        ),
    ] = None

    @model_validator(mode="after")
    def _a_door_is_held_or_not(self) -> Self:
        if self.capability is Capability.HOLD_OPEN and self.kind is not LevelKind.SWITCH:
            msg = f"kind: {self.kind}: a door is held open or not; write kind: switch, and true or false as levels"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _an_alarm_waits_or_not(self) -> Self:
        if self.capability is Capability.ALARM and self.kind is not LevelKind.SWITCH:
            msg = f"kind: {self.kind}: arming is postponed or not; write kind: switch, and true as level"
            raise ValueError(msg)
        return self


class Resource(Frozen):
    """Something that can be booked (bokningsbart objekt)."""

    name: Title
    kind: Annotated[
        Literal["place", "equipment"],
        Field(description="place or equipment; equipment opens and lights only what names it"),
    ]
    parts: Annotated[tuple[ResourceId, ...], Field(description="what booking this one also takes")] = ()


class Facility(Frozen):
    """A building or a ground (anläggning) with what can be booked there."""

    name: Title
    position: Annotated[Position | None, Field(description="where it is; for zones that are lit only when dark")] = None
    resources: Annotated[dict[ResourceId, Resource], Field(min_length=1, description="what can be booked, by its id")]
    access: Annotated[Access | None, Field(description="its doors; null where bookings open none")] = None
    zones: Annotated[dict[Name, ZoneRule], Field(description="its zones of light and climate; {} for none")] = Field(
        default_factory=dict
    )
    sensors: Annotated[dict[Name, Sensor], Field(description="what is read there; left out: nothing")] = Field(
        default_factory=dict
    )


class WatchedFolder(Frozen):
    """A folder where another system leaves files; each is taken whole, and then archived or put aside."""

    path: Annotated[str, Field(min_length=1, description="the folder, an absolute path")]
    pattern: Annotated[str, Field(description="names that are taken, e.g. *.xml")] = "*"
    archive: Annotated[str | None, Field(description="where read files go; left out: `archive` in the folder")] = None
    errors: Annotated[
        str | None, Field(description="where files that cannot be read go; left out: `errors` in the folder")
    ] = None
    settle_seconds: Annotated[
        int, Field(ge=0, le=3600, description="a file is taken when it has not changed for so long")
    ] = 5


class SftpFolder(Frozen):
    """A folder on an SFTP server where another system leaves files."""

    host: Annotated[str, Field(min_length=1, description="name or address of the server")]
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port")] = 22
    username: Annotated[str, Field(min_length=1, description="of the account")]
    password: Annotated[
        str | None,
        Field(
            pattern=f"^{_REFERENCE}$",
            description="as ${env:NAME} or ${file:/path}; left out: there is a private key",
        ),
    ] = None
    private_key_file: Annotated[str | None, Field(description="path of the account's private key")] = None
    host_key: Annotated[
        str, Field(min_length=1, description="the server's public key as ssh-keyscan prints it: ssh-ed25519 AAAA...")
    ]
    path: Annotated[str, Field(min_length=1, description="the folder on the server")]
    pattern: Annotated[str, Field(description="names that are taken, e.g. *.xml")] = "*"
    archive: Annotated[
        str | None, Field(description="folder on the server for read files; left out: `archive` in the folder")
    ] = None
    errors: Annotated[
        str | None, Field(description="folder on the server for files that cannot be read; left out: `errors` in it")
    ] = None
    settle_seconds: Annotated[
        int, Field(ge=0, le=3600, description="a file is taken when it has not changed for so long")
    ] = 60


class Arrival(Frozen):
    """How data comes in over a connection, besides uploads and callbacks."""

    every_minutes: Annotated[
        int, Field(ge=1, le=1440, description="how often the system is asked, or the folder looked into")
    ] = 5
    folder: Annotated[WatchedFolder | None, Field(description="a folder on this machine")] = None
    sftp: Annotated[SftpFolder | None, Field(description="a folder on an SFTP server")] = None


class ClientCertificate(Frozen):
    """What the hub shows a system that asks who it is (klientcertifikat), e.g. an organisation certificate of SITHS."""

    certificate: Annotated[
        str,
        Field(min_length=1, description="path of the certificate with its chain, PEM or PKCS#12; or ${env:NAME}, PEM"),
    ]
    key: Annotated[
        str | None, Field(description="path of its key, PEM, or ${env:NAME}; left out: it is in the same file")
    ] = None
    password: Annotated[
        str | None,
        Field(
            pattern=f"^{_REFERENCE}$",
            description="of the key or the PKCS#12 file, as ${env:NAME} or ${file:/path}; left out: it has none",
        ),
    ] = None


class Slower(Frozen):
    """How much less hard a system is pressed than its connector declares; never harder."""

    calls_at_once: Annotated[
        int | None, Field(ge=1, description="commands and looks under way together; left out: as it declares")
    ] = None
    calls_per_minute: Annotated[
        int | None, Field(ge=1, description="commands and looks a minute; left out: as it declares")
    ] = None
    clients_at_once: Annotated[
        int | None, Field(ge=1, description="processes that are connected together; left out: as it declares")
    ] = None


class Connection(Frozen):
    """A configured, running instance of a connector (anslutning)."""

    connector: Annotated[str, Field(description="name of the connector, e.g. access_arx")]
    mode: Annotated[Literal["live", "observe"], Field(description="observe plans and reads back, and sends nothing")]
    push_horizon_days: Annotated[
        int | None,
        Field(
            ge=1,
            le=LONGEST_HORIZON_DAYS,
            description="a grant is sent at most this many days before its window; only for locks",
        ),
    ] = None
    settings: Annotated[
        dict[str, object], Field(description="the connector's own settings; secrets as ${env:NAME} or ${file:/path}")
    ]
    pace: Annotated[Slower | None, Field(description="less than the connector declares; left out: as it declares")] = (
        None
    )
    maintenance: Annotated[
        tuple[Maintenance, ...], Field(description="when nothing is asked of it, and nobody is alarmed; `[]` for never")
    ] = ()
    reconcile_hours: Annotated[
        int, Field(ge=1, le=720, description="how often what stands there is compared with what the hub thinks")
    ] = 24
    proxy: Annotated[
        str | None,
        Field(
            pattern=rf"^(https?://[^@\s]+|{_REFERENCE})$",
            description="HTTP proxy, e.g. http://proxy.example.se:3128; or, where it holds a password, ${env:NAME}",
        ),
    ] = None
    ca_file: Annotated[str | None, Field(description="path of the private CA's certificate, PEM")] = None
    client_certificate: Annotated[
        ClientCertificate | None, Field(description="what the hub shows the system; left out: nothing")
    ] = None
    credentials_expire: Annotated[
        str | None,
        Field(
            pattern=rf"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|{_REFERENCE})$",
            description="last day of the account or its password, 2027-03-01, or ${file:/path} where that stands; told"
            " of 60 days ahead",
        ),
    ] = None
    arrives: Annotated[Arrival | None, Field(description="how data comes in; left out: uploads and callbacks only")] = (
        None
    )
    mapping: Annotated[
        Name | None, Field(description="the mapping document that says what its items mean; left out: the connector")
    ] = None

    @field_validator("credentials_expire")
    @classmethod
    def _a_day(cls, told: str | None) -> str | None:
        if told and told[0].isdigit():
            date.fromisoformat(told)
        return told

    @property
    def push_horizon(self) -> timedelta:
        """How long before its window a grant is sent; the longest where nothing says."""
        return timedelta(days=self.push_horizon_days or LONGEST_HORIZON_DAYS)


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
    Maintenance,
    Registering,
    AuthorityRule,
    BookingDocuments,
    BookingDocument,
    Position,
    OnlyWhenDark,
    LatestOff,
    Tail,
    Warn,
    Purge,
    Rung,
    Sensor,
)
NOTIFYING_TYPES = (EmailWay, SmsWay, BookerWay, QuietHours, Digest)
"""Documented with the folder's other types."""
