"""Reading DAK beside what lxml takes to validate the same records; taking it in beside the store's own bulk rate."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil  # type: ignore[import-untyped] # published without types
from lxml import etree

from hub.app import Hub
from hub.cli.process import calm_collector
from hub.clock import DomainClock
from hub.demo.stage import MUNICIPALITY
from hub.service.documents.applying import Applying
from hub.service.doors.passing import Passing
from hub.service.incoming.attending import Attending, Prepared
from hub.service.incoming.taking_in import From, TakingIn, Understood
from hub.service.rulebook import Rulebook
from hub.service.zones.sensing import Sensing
from hub.settings import Settings as Process
from hub.store import intake
from hub.store.engine.database import Session, connect
from hub.store.engine.migrating import ready
from hub.store.seals.sealing import Seal
from tests.bench.figures import Figure, ratios

MEGABYTES = 50
LARGE = 500
NAMESPACE = "{http://sverigesforeningssystem.se/importSchema.xsd}"
_KNOWN = "from connectors.attendance_dak.simulator import DakExports as D"


def measured(folder: Path, rounds: int) -> list[Figure]:
    """Both ratios, and the memory of both sizes."""
    path = written(folder, MEGABYTES)
    base, ours = [], []
    for _ in range(rounds):
        base.append(timed(lambda: validated(path)))
        ours.append(timed(lambda: read(path)))
    stored, taken = rates(folder, path)
    grown = [memory(path), memory(written(folder, LARGE))]
    return [
        Figure(f"DAK of {MEGABYTES} MB: lxml validates each record", "s", base),
        Figure(f"DAK of {MEGABYTES} MB: read and validated", "s", ours),
        Figure("reading, of that", "x", ratios(ours, base), 2.0),
        Figure("the store's bulk rate for its rows", "gatherings/s", stored),
        Figure("the full durable import", "gatherings/s", taken),
        Figure("import, of that", "x", ratios(taken, stored), 0.4, more=True),
        Figure(f"memory above idle, importing {MEGABYTES} MB", "MB", [grown[0]], 40),
        Figure(f"memory above idle, importing {LARGE} MB", "MB", [grown[1]], 40),
    ]


def written(folder: Path, megabytes: int) -> Path:
    """A file of that size, made once."""
    path = folder / f"{megabytes}.xml"
    if not path.exists():
        script = f"""
import sys; {_KNOWN}
d = D(None); n = {megabytes} * 1_000_000 // len(d.gathering(7).encode())
with open(sys.argv[1], "wb") as f: f.writelines(d.pieces(n))
"""
        subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    return path


def timed(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def validated(path: Path) -> int:
    """What lxml takes: each record parsed, validated, and let go."""
    from connectors.attendance_dak.versions import Version, quick  # noqa: PLC0415 - the schema that both use

    schema, count = quick(Version.V22), 0
    for _, element in etree.iterparse(path, events=("end",), tag=[f"{NAMESPACE}Sammankomst"]):
        assert schema.validate(element)
        count += 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]  # type: ignore[union-attr]
    return count


def read(path: Path) -> int:
    """What the connector takes, its items let go."""
    with path.open("rb") as file:
        return sum(1 for _ in items(file))


def items(file: object) -> Iterator[object]:
    from connectors.attendance_dak.client import read as read_dak  # noqa: PLC0415
    from connectors.attendance_dak.config import Dangling  # noqa: PLC0415

    yield from read_dak(file, Dangling.MARK)  # type: ignore[arg-type]


def rates(folder: Path, path: Path) -> tuple[list[float], list[float]]:
    """Rows of the same gatherings written by the store alone, in the same transactions; and the whole import."""
    taken = json.loads(_child(folder, path)[0])
    return [bulk(folder, path)], [taken["per_second"]]


def memory(path: Path) -> float:
    """How much the importing process grew, MB."""
    return float(json.loads(_child(path.parent, path)[0])["grown"])


def _child(folder: Path, path: Path) -> list[str]:
    command = [sys.executable, "-m", "tests.bench.attendance", str(folder), str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [done.stdout]


def bulk(folder: Path, path: Path) -> float:
    """Gatherings a second that the store writes when all is prepared: raw rows, gatherings and marks, 200 at a time."""
    from connectors.attendance_dak.translate import attendance as meant  # noqa: PLC0415

    database = folder / "bulk.db"
    database.unlink(missing_ok=True)
    ready(f"sqlite:///{database}")
    seal = Seal(bytes(32))
    rules = Rulebook(seal)
    taking = TakingIn(seal, DomainClock(), Applying(seal, rules), Passing(rules), Sensing(rules))
    whence = From(MUNICIPALITY, "dak", 1)
    connection = connect(f"sqlite:///{database}")
    count, spent = 0, 0.0
    with path.open("rb") as file:
        found = (Understood(one, (meant(one.content, one.place),)) for one in items(file))  # type: ignore[attr-defined, arg-type]
        while some := list(islice(found, 200)):
            batch = taking.batch(whence, taking.hashed(whence, some), {})
            began = time.perf_counter()
            with connection.transaction():
                _write(connection, batch.rows, batch.gatherings)
            spent += time.perf_counter() - began
            count += len(some)
    connection.close()
    return count / spent


def _write(connection: Session, rows: object, gatherings: tuple[Prepared, ...]) -> None:
    intake.add(connection, MUNICIPALITY, "dak", rows, import_id=1, now=1)  # type: ignore[arg-type]
    Attending(Seal(bytes(32))).keep(connection, MUNICIPALITY, "dak", gatherings, import_id=1, now=1)


def made(folder: Path, name: str) -> tuple[Path, Path]:
    """A town that reads DAK, and an empty database."""
    town, database = folder / "town-of-dak", folder / f"import-{name}.db"
    (town / "connections").mkdir(parents=True, exist_ok=True)
    (town / "municipality.yaml").write_text('key: "2480"\nname: Umeå\ntime_zone: Europe/Stockholm\nawaits: []\n')
    (town / "connections" / "dak.yaml").write_text("connector: attendance_dak\nmode: live\nsettings: {}\n")
    for old in folder.glob(f"{database.stem}*"):
        old.unlink()
    return town, database


async def imported(town: Path, database: Path, path: Path) -> dict[str, float]:
    """A whole import by the hub, and how the process grew over what it was when it was idle."""
    hub = Hub(Process(database=f"sqlite:///{database}"), [town])
    await hub.start()
    calm_collector()
    try:
        inlet = hub.intake.inlets.for_format(MUNICIPALITY, "dak")
        await inlet.connector.check()
        idle = psutil.Process().memory_info().rss
        most, stop = Most(), asyncio.Event()
        watching = asyncio.create_task(most.watch(stop))
        began = time.perf_counter()
        with await asyncio.to_thread(path.open, "rb") as file:
            report = await hub.intake.importing.live(inlet, file, path.name, "upload", "bench")
        seconds = time.perf_counter() - began
        stop.set()
        await watching
    finally:
        await hub.stop()
    assert report.new == report.items
    return {"per_second": report.items / seconds, "grown": (most.bytes - idle) / 2**20}


class Most:
    """The largest that the process was."""

    bytes = 0

    async def watch(self, stop: asyncio.Event) -> None:
        process = psutil.Process()
        while not stop.is_set():
            self.bytes = max(self.bytes, process.memory_info().rss)
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    FILE = Path(sys.argv[2])
    print(json.dumps(asyncio.run(imported(*made(Path(sys.argv[1]), FILE.stem), FILE))))
