"""What connectors can do, and their limits, told from their classes."""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from hub import sdk
from hub.sdk import Connector

NOT_ABILITIES = ("Connector", "ConnectorConfig", "Source")


def known() -> dict[str, type]:
    """Every capability and ability of the SDK, by name."""
    found = {name: getattr(sdk, name) for name in sdk.__all__}
    simulators = (sdk.Simulator, sdk.HasDoors, sdk.HasZones, sdk.HasUsers, sdk.Emits, sdk.WritesFiles)
    others = (*simulators, sdk.HasRecords, sdk.HasPersons)
    return {
        name: one
        for name, one in found.items()
        if inspect.isclass(one)
        and (inspect.isabstract(one) or name == "RepeatsSafely")
        and name not in NOT_ABILITIES
        and not issubclass(one, others)
    }


def abilities(connector: type[Connector[Any]]) -> tuple[str, ...]:
    """What one can do, in the order of the SDK."""
    return tuple(name for name, one in known().items() if issubclass(connector, one))


def limits(connector: type[Connector[Any]]) -> dict[str, str]:
    """Its limits, where its class tells them; where its settings decide, that is said."""
    told: dict[str, str] = {}
    for name in ("access_limits", "control_limits", "pace"):
        found = inspect.getattr_static(connector, name, None)
        if isinstance(found, property):
            if not getattr(found.fget, "__isabstractmethod__", False):
                told[name] = "by its settings"
        elif is_dataclass(found):
            told |= {f"{name}.{field.name}": _said(getattr(found, field.name)) for field in fields(found)}
    return told


def _said(value: object) -> str:  # noqa: PLR0911 - one return for each kind of value
    match value:
        case None:
            return "no limit known"
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case timedelta():
            return f"{value.total_seconds():g} s"
        case range():
            return f"{value.start} to {value.stop - 1}"
        case frozenset():
            return ", ".join(sorted(one.__name__ if isinstance(one, type) else _said(one) for one in value))
    if is_dataclass(value) and not isinstance(value, type):
        return "; ".join(f"{field.name} {_said(getattr(value, field.name))}" for field in fields(value))
    return str(value)


def table(connectors: Mapping[str, type[Connector[Any]]], tiers: Mapping[str, Iterable[str]]) -> str:
    """A document: who can do what, and each one's limits."""
    names = [name for name in known() if any(name in abilities(one) for one in connectors.values())]
    lines = [
        "# Connectors: what each can do",
        "",
        "Generated from the connectors themselves. The rules are those of [quality.md](quality.md): each is done, or",
        "exempt with its reason, in the connector's `quality.toml`; `knutpunkt certify NAME` proves it.",
        "",
        f"| ability | {' | '.join(f'`{name}`' for name in connectors)} |",
        f"|---|{'---|' * len(connectors)}",
    ]
    for name in names:
        cells = ["yes" if name in abilities(one) else "" for one in connectors.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for name, connector in connectors.items():
        lines += [
            "",
            f"## {name}",
            "",
            f"Exempt: {', '.join(tiers[name]) or 'nothing'}.",
            "",
            "| limit | value |",
            "|---|---|",
        ]
        lines += [f"| `{limit}` | {value} |" for limit, value in limits(connector).items()]
    return "\n".join(lines) + "\n"
