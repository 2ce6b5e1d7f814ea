"""What is to be heard of a hub: pieces of bytes, each of a kind, from a place, with the secrets that it may hold."""

import contextlib
import logging
import sqlite3
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

_FORMAT = logging.Formatter("%(levelname)s %(name)s: %(message)s")
_PAGE = 4096


@dataclass(frozen=True)
class Heard:
    """Something that whoever listens there gets to know."""

    kind: str
    place: str
    content: bytes
    may: tuple[str, ...] = ()
    """The names of secrets that are told there on purpose; `*` stands for any words."""

    def is_for(self, secret: str) -> bool:
        """Whether it is told there on purpose."""
        return any(fnmatchcase(secret, one) for one in self.may)


@dataclass
class Ears:
    """All that was heard, and what was given to those whom it is for."""

    heard: list[Heard] = field(default_factory=list)
    given: dict[str, bytes] = field(default_factory=dict)
    """What counterparts got, and what is sealed, opened: there every secret must be."""
    _pages: set[bytes] = field(default_factory=lambda: {bytes(_PAGE)})

    def hear(self, kind: str, place: str, content: bytes | str, may: Collection[str] = ()) -> None:
        """Note a piece."""
        told = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        self.heard.append(Heard(kind, place, told, tuple(may)))

    def give(self, place: str, content: bytes) -> None:
        """Note what somebody was meant to get."""
        self.given[place] = self.given.get(place, b"") + b"\n" + content

    @contextlib.contextmanager
    def logs(self) -> Iterator[None]:
        """Hear what is logged, at every level, with all that a record carries."""
        root, ear = logging.getLogger(), _Ear(self)
        before = root.level
        root.addHandler(ear)
        root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.setLevel(before)
            root.removeHandler(ear)

    def database(self, file: Path, kind: str = "database") -> None:
        """Each cell of each table: a value may stand across the pages of the file."""
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            for table in tables:
                rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table's own name
                columns = [f"{table}.{column[0]}" for column in rows.description]
                cells = {
                    one for row in rows for one in zip(columns, row, strict=True) if isinstance(one[1], str | bytes)
                }
                for column, cell in sorted(cells, key=str):
                    self.hear(kind, column, cell)

    def files(self, folder: Path, kinds: dict[str, str], but: Collection[str]) -> None:
        """Every byte of each file below a folder; `kinds` by how a name ends; `but` those that hold keys."""
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name not in but:
                kind = next((kind for end, kind in kinds.items() if file.name.endswith(end)), "file")
                self._file(kind, file.name, file)

    def _file(self, kind: str, place: str, file: Path) -> None:
        self.hear(kind, place, self._news(file.read_bytes()))
        if not zipfile.is_zipfile(file):
            return
        with zipfile.ZipFile(file) as packed:
            for name in packed.namelist():
                self.hear(kind, f"{place}/{name}", self._news(packed.read(name)))

    def _news(self, content: bytes) -> bytes:
        """Less the pages that stood in another file: a backup holds those of the database."""
        pages = [content[begin : begin + _PAGE] for begin in range(0, len(content), _PAGE)]
        news = [page for page in pages if page not in self._pages]
        self._pages.update(news)
        return b"".join(news)


class _Ear(logging.Handler):
    def __init__(self, ears: Ears) -> None:
        super().__init__(logging.DEBUG)
        self._ears = ears

    def emit(self, record: logging.LogRecord) -> None:
        told = f"{_FORMAT.format(record)} {record.args!r}"
        self._ears.hear("log", record.name, told)
