"""Seam before the kit."""

from connectors.access_seam import SeamAccess
from connectors.access_seam.simulator import SeamSimulator
from hub.conformance import conformance

TestSeamAccess = conformance(SeamAccess, SeamSimulator)
