"""The files of a folder: which belong there, and what stands in them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hub.configuration.finding import START, Finding, Place, Severity, at
from hub.configuration.limits import LARGEST_FILE

MUNICIPALITY = "municipality.yaml"
ROOMS = ("connections", "facilities")
"""Folders of one YAML file for each thing; its name is the file's."""
MAPPINGS = "mappings"
"""Folder of a folder for each mapping document."""
TEMPLATES = "templates"
"""Folder of a folder for each language, with the texts of messages."""
_TEMPLATE = re.compile(rf"{TEMPLATES}/(sv|en)/[a-z-]+\.(txt|html)")


def load(folder: Path) -> tuple[dict[str, str], tuple[str, ...], list[Finding]]:
    """The texts of the files by relative path, the names of the mappings, and what could not be read."""
    if not folder.is_dir():
        return {}, (), [_error(str(folder), "no-folder", "no such folder; give the municipality's folder")]
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    for path in _candidates(folder):
        name = path.relative_to(folder).as_posix()
        if not is_ours(name) or path.is_dir():
            findings.append(stranger(name))
        elif isinstance(read := _text(path, name), Finding):
            findings.append(read)
        else:
            texts[name] = read
    mappings = tuple(sorted(each.parent.name for each in folder.glob("mappings/*/mapping.yaml")))
    return texts, mappings, findings


def _candidates(folder: Path) -> Iterator[Path]:
    """Everything in the folder that should be a file of ours; hidden files and those that others read apart."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name in ROOMS:
            yield from (each for each in sorted(path.iterdir()) if not _left_alone(each.name))
        elif path.is_dir() and path.name == MAPPINGS:
            yield from sorted(path.glob("*/mapping.yaml"))
        elif path.is_dir() and path.name == TEMPLATES:
            every = sorted(each for each in path.rglob("*") if each.is_file())
            yield from (each for each in every if not _left_alone(each.name))
        elif not _left_alone(path.name):
            yield path


def _left_alone(name: str) -> bool:
    return name.startswith(".") or name.endswith(".md")


def is_ours(name: str) -> bool:
    """Whether the configuration is read from a file of that relative path."""
    room, _, file = name.rpartition("/")
    mapped = room.rpartition("/")[0] == MAPPINGS and file == "mapping.yaml"
    return name == MUNICIPALITY or (room in ROOMS and file.endswith(".yaml")) or mapped or is_template(name)


def is_template(name: str) -> bool:
    """Whether a file of that relative path is the text of a message."""
    return _TEMPLATE.fullmatch(name) is not None


def stranger(name: str) -> Finding:
    """Say that a file is not read, and what may have been meant."""
    meant = ", ".join([MUNICIPALITY, *(f"{room}/<name>.yaml" for room in ROOMS), "templates/sv/<name>.txt"])
    return at(START, Severity.WARNING, "unknown-file", name, (), f"not read; files are {meant}: rename or remove it")


def missing(names: Iterable[str]) -> Iterator[Finding]:
    """What every folder must hold."""
    if not names:
        yield _error(
            MUNICIPALITY, "read-none", f"read none: there is no {MUNICIPALITY}, {ROOMS[0]}/ or {ROOMS[1]}/ here"
        )
    elif MUNICIPALITY not in names:
        yield _error(MUNICIPALITY, "missing-file", "missing; write it with key, name, time_zone and awaits")


def _text(path: Path, name: str) -> str | Finding:
    """The file's text, or why there is none."""
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None
    except OSError as error:
        return _error(name, "unreadable-file", f"cannot be read: {error.strerror}; mend its rights")
    if content is None:
        return _error(name, "huge-file", f"more than {LARGEST_FILE:,} bytes; is it the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _broken(content, error.start, name)


def _broken(content: bytes, start: int, name: str) -> Finding:
    line, column = content.count(b"\n", 0, start) + 1, start - content.rfind(b"\n", 0, start)
    message = f"byte 0x{content[start]:02x} is not UTF-8; save the file as UTF-8"
    return at(Place(line, column), Severity.ERROR, "broken-utf8", name, (), message)


def _error(name: str, code: str, message: str) -> Finding:
    return at(START, Severity.ERROR, code, name, (), message)
