"""The broken connectors: one TOML file a vendor, each mutant one change in one of its files."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """One change in one file of a connector."""

    vendor: str
    name: str
    path: str
    old: str
    new: str
    tests: str
    """What should catch it."""

    def text(self) -> str:
        """Give the file with its change.

        Raises:
            LookupError: the text that it should change is not there, or more than once.
        """
        text = (ROOT / self.path).read_text()
        if (places := text.count(self.old)) != 1:
            raise LookupError(
                f"{self.path}: {self.name}: {places} places to change; mend tests/mutants/{self.vendor}.toml"
            )
        return text.replace(self.old, self.new)


def mutants() -> list[Mutant]:
    """Give all of them, vendor by vendor."""
    return [one for path in sorted(HERE.glob("*.toml")) for one in of_vendor(path)]


def of_vendor(path: Path) -> list[Mutant]:
    """Read the mutants of one vendor."""
    told = tomllib.loads(path.read_text())
    return [
        Mutant(path.stem, one["name"], f"{told['folder']}/{one['file']}", one["old"], one["new"], told["tests"])
        for one in told["mutant"]
    ]
