"""Each connection against the connector that it runs: its settings, secrets and timing."""

from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from hub.configuration.document import Node
from hub.configuration.finding import Finding, instead_of
from hub.configuration.fitness import Running, fits
from hub.configuration.folder import Folder
from hub.configuration.limits import LEASE, SHORTEST_HORIZON_DAYS
from hub.configuration.mappings import mapping_names, unreadable
from hub.configuration.secrets import is_reference, misplaced, resolve
from hub.configuration.shape import faults
from hub.configuration.sheet import Sheet
from hub.configuration.unwritten import unwritten
from hub.configuration.upkeep import daytime
from hub.discovery import connector_names
from hub.mapping.connector import MappedFiles
from hub.model.connection import Arrival, Connection, Slower
from hub.sdk import AccessControl, Connector, ConnectorConfig, Hears, Polls, ReadsFiles, Source

Load = Callable[[str], type[Connector[Any]]]
"""Gives a connector's class by its name; raises LookupError or TypeError."""


def connectors(folder: Folder, load: Load) -> Iterator[Finding]:
    """What is wrong between the connections and their connectors."""
    running: dict[str, Running] = {}
    for name, sheet, connection in folder.valid_connections():
        kind = _kind(sheet, connection, load)
        if isinstance(kind, Finding):
            yield kind
            continue
        running[name] = Running(sheet, kind, _config(kind, connection))
        yield from _extra(sheet, kind)
        yield from _settings(sheet, kind)
        yield from unwritten(sheet, ("settings",), kind.config_type)
        yield from _timing(sheet, kind)
        yield from _pace(sheet, kind, connection)
        yield from _horizon(sheet, kind, connection)
        yield from _arrivals(sheet, kind, connection)
        yield from _mapped(folder, sheet, kind, connection)
        yield from daytime(sheet, kind, connection)
    yield from unreadable(folder)
    yield from fits(folder, running)


def _horizon(sheet: Sheet[Connection], kind: type[Connector[Any]], connection: Connection) -> Iterator[Finding]:
    """When codes are sent to a lock; what is no lock is sent things at their time."""
    days, place = connection.push_horizon_days, ("push_horizon_days",)
    if days is None and issubclass(kind, AccessControl):
        message = "left out; write how many days before its window a grant may be sent, e.g. `push_horizon_days: 30`"
        yield sheet.error(place, "missing-key", message)
    elif days is not None and days < SHORTEST_HORIZON_DAYS and issubclass(kind, AccessControl):
        message = f"less than {SHORTEST_HORIZON_DAYS} days: after a day's outage the doors lack their codes; write more"
        yield sheet.warning(place, "short-horizon", message)


def _mapped(
    folder: Folder, sheet: Sheet[Connection], kind: type[Connector[Any]], connection: Connection
) -> Iterator[Finding]:
    """Whether what its items mean is said, once."""
    name, known = connection.mapping, {*folder.mappings, *mapping_names()}
    if name is not None and name not in known:
        message = f"no mapping `{name}`: {instead_of(name, known)}"
        yield sheet.error(("mapping",), "unknown-mapping", message)
    if name is None and kind is MappedFiles:
        message = "left out; write which mapping document says what the files mean, e.g. `mapping: attendance-csv`"
        yield sheet.error(("mapping",), "missing-key", message)


def _arrivals(sheet: Sheet[Connection], kind: type[Connector[Any]], connection: Connection) -> Iterator[Finding]:
    """Whether what is to come in can be taken in."""
    arrives = connection.arrives
    if arrives is None:
        by_itself = issubclass(kind, Hears) and not issubclass(kind, Polls | ReadsFiles)
        if issubclass(kind, Source) and not by_itself and not sheet.root.has(("arrives",)):
            message = "`arrives` is left out: only uploads and callbacks are taken; write it, or `arrives: null`"
            yield sheet.warning((), "left-out", message)
        return
    yield from unwritten(sheet, ("arrives",), Arrival)
    files = issubclass(kind, ReadsFiles) or connection.mapping is not None
    for way in ("folder", "sftp"):
        if getattr(arrives, way) is not None and not files:
            message = f"`{connection.connector}` reads no files; name a connector that does, or a mapping"
            yield sheet.error(("arrives", way), "reads-no-files", message)
    if arrives.folder is None and arrives.sftp is None and not issubclass(kind, Polls):
        message = (
            f"`{connection.connector}` cannot be asked what is new; write `folder` or `sftp`, or take `arrives` out"
        )
        yield sheet.error(("arrives",), "nothing-arrives", message)
    if arrives.sftp is not None and arrives.sftp.password is None and arrives.sftp.private_key_file is None:
        message = "no way to log in; write `password` (a reference) or `private_key_file`"
        yield sheet.error(("arrives", "sftp"), "no-login", message)
    if arrives.folder is not None and not FilePath(arrives.folder.path).is_dir():
        message = f"`{arrives.folder.path}` is no folder on this machine; make it before the hub is started"
        yield sheet.warning(("arrives", "folder", "path"), "no-watched-folder", message)


def _kind(sheet: Sheet[Connection], connection: Connection, load: Load) -> type[Connector[Any]] | Finding:
    """The connector's class, or why there is none."""
    name = connection.connector
    try:
        return load(name)
    except LookupError:
        message = f"no connector `{name}`: {instead_of(name, connector_names())}"
    except (TypeError, ImportError, AttributeError) as error:
        message = f"connector `{name}` cannot be loaded: {error}; install it anew"
    return sheet.error(("connector",), "unknown-connector", message)


def _extra(sheet: Sheet[Connection], kind: type[Connector[Any]]) -> Iterator[Finding]:
    """What the connector needs and this machine lacks; the one that runs the hub may have it."""
    if kind.extra and (missing := kind.extra.missing()):
        yield sheet.warning(("connector",), "extra-missing", f"`{kind.__name__}` cannot be started here: {missing}")


def _settings(sheet: Sheet[Connection], kind: type[Connector[Any]]) -> Iterator[Finding]:
    """Each setting against its type; the values behind references are not known here."""
    node = _settings_node(sheet)
    for path, code, message in misplaced(kind.config_type, node):
        yield sheet.error(("settings", *path), code, message)
    _, wrong = faults(kind.config_type, node, strict=False)
    for fault in wrong:
        if fault.code != "wrong-value" or not is_reference(node.find(fault.path)[0].value):
            yield sheet.error(("settings", *fault.path), fault.code, fault.message)


def _settings_node(sheet: Sheet[Connection]) -> Node:
    return sheet.root.find(("settings",))[0]


def _config(kind: type[Connector[Any]], connection: Connection) -> ConnectorConfig | None:
    """The settings with placeholders for secrets; nothing when they are wrong, which is told elsewhere."""
    try:
        return kind.config_type.model_validate(resolve(connection.settings, {}, missing="placeholder"))
    except ValidationError:
        return None


def _pace(sheet: Sheet[Connection], kind: type[Connector[Any]], connection: Connection) -> Iterator[Finding]:
    """A system may be pressed less hard than its connector declares, never harder."""
    for limit in Slower.model_fields:
        declared, told = getattr(kind.pace, limit), getattr(connection.pace, limit, None)
        if told is not None and declared is not None and told > declared:
            message = f"`{kind.__name__}` declares {declared}: write that or less, or leave it out"
            yield sheet.error(("pace", limit), "raised-pace", message)


def _timing(sheet: Sheet[Connection], kind: type[Connector[Any]]) -> Iterator[Finding]:
    """Call time-out <= `lands_within` <= half a lease (rule 8)."""
    pace = kind.pace
    if not pace.timeout <= pace.lands_within <= LEASE / 2:
        message = (
            f"`{kind.__name__}` gives a call {pace.timeout.total_seconds():g} s and it lands within"
            f" {pace.lands_within.total_seconds():g} s; the second may be neither shorter, nor over half a lease"
            f" ({LEASE.total_seconds() / 2:g} s): its author must mend it"
        )
        yield sheet.error(("connector",), "unsafe-timing", message)
