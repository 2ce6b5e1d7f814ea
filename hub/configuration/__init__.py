"""A municipality's folder: read, checked with file and line, its secrets resolved late, its versions compared."""

from hub.configuration.check import Report, check_folder
from hub.configuration.compare import differences
from hub.configuration.finding import Finding, Severity
from hub.configuration.reader import Counts, Read, read_files, read_folder
from hub.configuration.secrets import resolve

__all__ = [
    "Counts",
    "Finding",
    "Read",
    "Report",
    "Severity",
    "check_folder",
    "differences",
    "read_files",
    "read_folder",
    "resolve",
]
