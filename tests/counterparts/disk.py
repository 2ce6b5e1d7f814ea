"""A disk of its own for a hub, of a few megabytes, that can be filled and freed.

    with SmallDisk() as disk: disk.fill(); disk.free()          disk.folder

A tmpfs where one may be mounted (Linux, as root), which is full as any disk is (ENOSPC). Elsewhere the hub's process
`limited` may make no file larger than its largest, and meets another error (EFBIG).
"""

import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

MEGABYTES = 32
PIECE = bytes(4096)


class SmallDisk:
    """Mounted while it lasts."""

    def __init__(self) -> None:
        self.folder = Path()
        self.limited: int | None = None
        """The process that is kept small, where nothing can be mounted."""

    def __enter__(self) -> Self:
        """Mount it."""
        self.folder = Path(tempfile.mkdtemp(prefix="knutpunkt-disk-"))
        words = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "knutpunkt", str(self.folder)]
        self.mounted = os.geteuid() == 0 and subprocess.run(words, check=False, capture_output=True).returncode == 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it away, whoever is on it."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)
        shutil.rmtree(self.folder)

    def fill(self) -> None:
        """Leave no room."""
        if not self.mounted:
            self._limit(max(one.stat().st_size for one in self.folder.rglob("*") if one.is_file()))
            return
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(PIECE)
            except OSError:
                return

    def free(self) -> None:
        """Give the room back."""
        if self.mounted:
            self._ballast.unlink()
        else:
            self._limit(resource.RLIM_INFINITY)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def _limit(self, size: int) -> None:
        if self.limited:
            _, most = resource.prlimit(self.limited, resource.RLIMIT_FSIZE)
            resource.prlimit(self.limited, resource.RLIMIT_FSIZE, (size, most))
