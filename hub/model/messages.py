"""What comes in from outside, in canonical words."""

from hub.model.application import Application
from hub.model.attendance import Attendance
from hub.model.changes import ChangesFile, PersonChanged
from hub.model.frozen import Frozen
from hub.model.invoice import InvoiceAnswered
from hub.model.observation import Observation
from hub.model.passage import Passage


class CredentialTouched(Frozen):
    """A hint that a credential changed in the lock system; the truth is what a look shows."""

    key: str


Message = (
    Attendance | Passage | Observation | CredentialTouched | InvoiceAnswered | PersonChanged | ChangesFile | Application
)
