"""How two versions of a folder differ, in words: which setting, from what, to what."""

import json
from collections.abc import Iterator, Mapping

from hub.configuration.document import parse
from hub.configuration.secrets import leaves

_NOTHING = object()


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """A line for each file or setting that was added, removed or changed; layout and comments do not count."""
    lines: list[str] = []
    for file in sorted({*old, *new}):
        if file not in old:
            lines.append(f"{file}: added")
        elif file not in new:
            lines.append(f"{file}: removed")
        else:
            lines += [f"{file}: {change}" for change in _changes(file, old[file], new[file])]
    return lines


def _changes(file: str, old: str, new: str) -> Iterator[str]:
    """The settings of one file that differ."""
    before, after = (_values(text) if file.endswith(".yaml") else None for text in (old, new))
    if before is None or after is None:
        if old != new:
            yield "changed"
        return
    for path in [*before, *(path for path in after if path not in before)]:
        was, now = before.get(path, _NOTHING), after.get(path, _NOTHING)
        if was is _NOTHING:
            yield f"{path} added: {now}"
        elif now is _NOTHING:
            yield f"{path} removed, was {was}"
        elif was != now:
            yield f"{path} changed from {was} to {now}"


def _values(text: str) -> dict[str, str] | None:
    """Every value of a file as it reads, by dotted path; None when it is no YAML."""
    root, flaws = parse(text)
    if root is None or flaws:
        return None
    return {".".join(map(str, path)): _shown(value) for path, value in leaves(root)}


def _shown(value: object) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
