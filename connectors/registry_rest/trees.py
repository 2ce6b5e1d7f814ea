"""Places in JSON: `metaData.0.key`."""

from collections.abc import Mapping
from typing import Any

Tree = dict[str, Any]


def grown(fields: Mapping[str, object]) -> Tree:
    """`{"a.0.b": 1}` as `{"a": [{"b": 1}]}`."""
    tree: Tree = {}
    for path, value in fields.items():
        *above, last = path.split(".")
        here = tree
        for step in above:
            here = here.setdefault(step, {})
        here[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:  # noqa: ANN401 - a tree of JSON
    if not isinstance(value, dict):
        return value
    inside = {name: _listed(each) for name, each in value.items()}
    return list(inside.values()) if inside and all(name.isdigit() for name in inside) else inside


def at(tree: Any, path: str) -> Any:  # noqa: ANN401 - a tree of JSON
    """What stands at a path; raises LookupError where nothing does."""
    for step in path.split("."):
        tree = tree[int(step)] if isinstance(tree, list) and step.isdigit() else tree[step]
    return tree
