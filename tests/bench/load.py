"""Thirty-two clients that put bookings: wrk where it is installed, which takes little of the machine; else our own."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench import town

CLIENTS = 32

_SCRIPT = """
local n = %(first)d
local body = [==[%(body)s]==]
request = function()
  n = n + 1
  local hour, place = n %% %(hours)d, math.floor(n / %(hours)d)
  local starts = %(begins)d + hour * 3600
  local values = {
    N = string.format("%%09d", n),
    H = tostring(place %% %(halls)d),
    C = tostring(math.floor(place / %(halls)d) %% %(courts)d),
    S = os.date("!%%Y-%%m-%%dT%%H:%%M:%%S+00:00", starts),
    E = os.date("!%%Y-%%m-%%dT%%H:%%M:%%S+00:00", starts + 3600),
  }
  local told = body:gsub("@(%%u)@", values)
  return wrk.format("PUT", "/v1/%(town)s/bookings/B-" .. values.N, nil, told)
end
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %(key)s"
done = function(summary, latency, requests)
  io.write(string.format("R %%f %%d %%d %%f %%f\\n", summary.requests / (summary.duration / 1e6), summary.errors.status,
    summary.requests, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Pressed:
    """What a server stood."""

    per_second: float
    requests: int
    median_ms: float
    p99_ms: float


def press(address: str, key: str, *, first: int, seconds: float) -> Pressed:
    """Put new bookings, numbered from `first`, as fast as they are answered."""
    return (_wrk if shutil.which("wrk") else _own)(address, key, first, seconds)


def by() -> str:
    """What presses."""
    return "wrk" if shutil.which("wrk") else "aiohttp, in a process that shares the machine"


def _wrk(address: str, key: str, first: int, seconds: float) -> Pressed:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % {
            "first": first, "body": _template(), "hours": town.HOURS, "halls": town.HALLS, "courts": town.COURTS,
            "begins": town.BEGINS.timestamp(), "town": town.KEY, "key": key,
        })  # fmt: skip
        script.flush()
        words = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds:.0f}s", "--latency", "-s", script.name, address]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(r"^R ([\d.]+) (\d+) (\d+) ([\d.]+) ([\d.]+)$", told, re.MULTILINE)
    if found is None or found[2] != "0" or "Socket errors" in told:
        raise RuntimeError(f"not every booking was taken: {told}")
    return Pressed(float(found[1]), int(found[3]), float(found[4]), float(found[5]))


def _template() -> str:
    wanted = town.raw_booking(0)
    told = json.dumps(wanted, ensure_ascii=False)
    starts, ends = wanted["occasions"][0]["starts_at"], wanted["occasions"][0]["ends_at"]
    for found, mark in (("000000000", "@N@"), ("hall-0.court-0", "hall-@H@.court-@C@"), (starts, "@S@"), (ends, "@E@")):
        assert found in told
        told = told.replace(found, mark)
    return told


def _own(address: str, key: str, first: int, seconds: float) -> Pressed:
    words = [sys.executable, "-m", "tests.bench.load", address, key, str(first), str(seconds)]
    told = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(town.__file__).parents[2]).stdout
    return Pressed(**json.loads(told))


async def _pressed(address: str, key: str, first: int, seconds: float) -> Pressed:
    spans: list[float] = []
    numbers = iter(range(first, town.LARGEST))
    began = time.monotonic()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        await asyncio.gather(*(_client(session, address, numbers, began + seconds, spans) for _ in range(CLIENTS)))
    spans.sort()
    rate = len(spans) / (time.monotonic() - began)
    return Pressed(rate, len(spans), spans[len(spans) // 2] * 1e3, spans[len(spans) * 99 // 100] * 1e3)


async def _client(
    session: aiohttp.ClientSession, address: str, numbers: Iterator[int], until: float, spans: list[float]
) -> None:
    while time.monotonic() < until:
        number = next(numbers)
        began = time.monotonic()
        headers = {"Content-Type": "application/json"}
        url = f"{address}/v1/{town.KEY}/bookings/B-{number:09d}"
        async with session.put(url, data=town.line(number), headers=headers) as answer:
            answer.raise_for_status()
            await answer.read()
        spans.append(time.monotonic() - began)


if __name__ == "__main__":
    _address, _key, _first, _seconds = sys.argv[1:]
    sys.stdout.write(json.dumps(vars(asyncio.run(_pressed(_address, _key, int(_first), float(_seconds))))))
