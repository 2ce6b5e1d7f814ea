"""What `knutpunkt check` shows: a folder's findings and counts, without touching any system."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hub.configuration.connectors import Load
from hub.configuration.finding import Finding, Severity, in_order
from hub.configuration.folder import Folder
from hub.configuration.papers import papers
from hub.configuration.reader import Counts, read_folder
from hub.configuration.secrets import unset
from hub.configuration.upkeep import past
from hub.discovery import load_connector


@dataclass(frozen=True)
class Report:
    """The outcome of a check; `ok` when there are no errors."""

    read: Counts
    findings: tuple[Finding, ...]
    ok: bool

    def count(self, severity: Severity) -> int:
        """How many findings there are of one severity."""
        return sum(finding.severity is severity for finding in self.findings)


def check_folder(
    path: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    load_class: Load = load_connector,
    now: datetime | None = None,
) -> Report:
    """Check the folder, and that the secrets and certificates it names are there for whoever starts the check.

    `now`: against which their ends are held; the machine's time where nothing is said.
    """
    read = read_folder(path, load_class=load_class)
    here = [
        *_unset(read.folder, environment),
        *papers(read.folder, environment, now or datetime.now(UTC)),
        *past(read.folder, now or datetime.now(UTC)),
    ]
    ok = read.ok and not any(finding.severity is Severity.ERROR for finding in here)
    return Report(read.counts, in_order((*read.findings, *here)), ok)


def _unset(folder: Folder, environment: Mapping[str, str]) -> Iterator[Finding]:
    for _, sheet, _ in folder.valid_connections():
        for path, message in unset(sheet.root, environment):
            yield sheet.warning(path, "unset-secret", message)
    for _, pools, _ in folder.valid_facilities():
        for path, message in unset(pools.root, environment):
            yield pools.warning(path, "unset-secret", message)
