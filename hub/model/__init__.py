"""The canonical model: frozen values, the same words for the booking core, the hub and every connector."""

from hub.model.attendance import Association, Attendance, Attendee, GatheringType, Role
from hub.model.attendance import Method as AttendanceMethod
from hub.model.configuration import Configuration
from hub.model.credential import Credential, Method, Unsaid, Window
from hub.model.identity import OrganisationNumber, PersonNumber
from hub.model.messages import CredentialTouched, Message, Passage
from hub.model.zone import Dim, Level, Release, Setpoint, Switch, Zone, fulfils

__all__ = [
    "Association",
    "Attendance",
    "AttendanceMethod",
    "Attendee",
    "Configuration",
    "Credential",
    "CredentialTouched",
    "Dim",
    "GatheringType",
    "Level",
    "Message",
    "Method",
    "OrganisationNumber",
    "Passage",
    "PersonNumber",
    "Release",
    "Role",
    "Setpoint",
    "Switch",
    "Unsaid",
    "Window",
    "Zone",
    "fulfils",
]
