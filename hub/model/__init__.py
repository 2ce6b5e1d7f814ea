"""The canonical model: frozen values, the same words for the booking core, the hub and every connector."""

from hub.model.configuration import Configuration
from hub.model.credential import Credential, Method, Unsaid, Window
from hub.model.messages import CredentialTouched, Message, Passage
from hub.model.zone import Dim, Level, Release, Setpoint, Switch, Zone, fulfils

__all__ = [
    "Configuration",
    "Credential",
    "CredentialTouched",
    "Dim",
    "Level",
    "Message",
    "Method",
    "Passage",
    "Release",
    "Setpoint",
    "Switch",
    "Unsaid",
    "Window",
    "Zone",
    "fulfils",
]
