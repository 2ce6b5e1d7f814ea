"""Seam before the kit: with the hub's codes, and with Seam's own."""

from connectors.access_seam import SeamAccess
from connectors.access_seam.simulator import ChoosingSeam, SeamSimulator
from hub.conformance import conformance

TestSeamAccess = conformance(SeamAccess, SeamSimulator)
TestSeamChooses = conformance(SeamAccess, ChoosingSeam)
