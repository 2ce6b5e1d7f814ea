"""The canonical model: frozen values, the same words for the booking core, the hub and every connector."""

from hub.model.application import Acknowledgement, Application
from hub.model.attendance import Association, Attendance, Attendee, GatheringType, Role
from hub.model.attendance import Method as AttendanceMethod
from hub.model.booking import Protected
from hub.model.changes import ChangesFile, PersonChanged
from hub.model.configuration import Configuration
from hub.model.credential import Credential, Method, Unsaid, Window
from hub.model.document import Direction, Document, DocumentFile, Secrecy
from hub.model.identity import OrganisationNumber, PersonNumber
from hub.model.invoice import (
    Answer,
    Invoice,
    InvoiceAnswered,
    InvoiceKind,
    InvoiceLine,
    Party,
    PostalAddress,
    Tax,
    VatCategory,
    taxes_of,
)
from hub.model.messages import CredentialTouched, Message
from hub.model.notice import Channel, Notice
from hub.model.observation import Observation, Quantity
from hub.model.observation import Unit as ObservationUnit
from hub.model.passage import Outcome as PassageOutcome
from hub.model.passage import Passage, Refusal
from hub.model.person import AddressKind, Guardian, Person, PersonAddress, PersonLookup
from hub.model.registering import Counterpart
from hub.model.zone import Dim, Level, Release, Setpoint, Switch, Zone, fulfils

__all__ = [
    "Acknowledgement",
    "AddressKind",
    "Answer",
    "Application",
    "Association",
    "Attendance",
    "AttendanceMethod",
    "Attendee",
    "ChangesFile",
    "Channel",
    "Configuration",
    "Counterpart",
    "Credential",
    "CredentialTouched",
    "Dim",
    "Direction",
    "Document",
    "DocumentFile",
    "GatheringType",
    "Guardian",
    "Invoice",
    "InvoiceAnswered",
    "InvoiceKind",
    "InvoiceLine",
    "Level",
    "Message",
    "Method",
    "Notice",
    "Observation",
    "ObservationUnit",
    "OrganisationNumber",
    "Party",
    "Passage",
    "PassageOutcome",
    "Person",
    "PersonAddress",
    "PersonChanged",
    "PersonLookup",
    "PersonNumber",
    "PostalAddress",
    "Protected",
    "Quantity",
    "Refusal",
    "Release",
    "Role",
    "Secrecy",
    "Setpoint",
    "Switch",
    "Tax",
    "Unsaid",
    "VatCategory",
    "Window",
    "Zone",
    "fulfils",
    "taxes_of",
]
