"""A connector that was made by the scaffold, installed beside the hub the way pip leaves it."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from hub.cli.main import knutpunkt

ENTRY = "access_demo_lock"


def made(folder: Path) -> Path:
    """`knutpunkt connector new demo-lock` in an empty folder."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        told = CliRunner().invoke(knutpunkt, ["connector", "new", "demo-lock"], env={"LANG": "C"})
    finally:
        os.chdir(here)
    assert told.exit_code == 0, told.output
    return folder / "demo-lock"


def installed(package: Path) -> dict[str, str]:
    """An environment in which the package is installed; what pip would have written stands beside it."""
    written = package / "demo_lock-0.1.0.dist-info"
    written.mkdir(exist_ok=True)
    (written / "METADATA").write_text("Metadata-Version: 2.1\nName: demo-lock\nVersion: 0.1.0\n")
    (written / "entry_points.txt").write_text(
        f"[hub.connectors]\n{ENTRY} = demo_lock:DemoLock\n"
        f"[hub.simulators]\n{ENTRY} = demo_lock.simulator:DemoLockSimulator\n"
    )
    path = os.pathsep.join([str(package), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C"}


def ran(words: list[str], environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A program in that environment."""
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
    )


def knut(*words: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The command line in that environment."""
    return ran(["-c", "from hub.cli.main import main; main()", *words], environment, folder)
