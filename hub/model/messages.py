"""What comes in from outside, in canonical words."""

from pydantic import AwareDatetime

from hub.model.application import Application
from hub.model.attendance import Attendance
from hub.model.changes import ChangesFile, PersonChanged
from hub.model.frozen import Frozen
from hub.model.invoice import InvoiceAnswered


class Passage(Frozen):
    """Someone went through a door, or was refused (passage)."""

    key: str
    door: str
    at: AwareDatetime
    refused: bool


class CredentialTouched(Frozen):
    """A hint that a credential changed in the lock system; the truth is what a look shows."""

    key: str


Message = Attendance | Passage | CredentialTouched | InvoiceAnswered | PersonChanged | ChangesFile | Application
