"""Files before the kit: what has changed, of PINs; and all each time, of cards."""

from connectors.access_file import ReceiptedFileAccess
from connectors.access_file.simulator import Panel, SnapshotPanel
from hub.conformance import conformance

TestDelta = conformance(ReceiptedFileAccess, Panel)
TestSnapshot = conformance(ReceiptedFileAccess, SnapshotPanel)
