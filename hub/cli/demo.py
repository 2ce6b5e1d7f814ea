"""`knutpunkt demo`: a day in tennishallen, and some of it in three other places, played."""

import asyncio
import errno
import sys
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

import hub
from hub.cli.options import CannotRunError
from hub.demo.play import Moment, Played, play
from hub.demo.script import SCENES
from hub.demo.stage import stage
from hub.service.words.saying import said

_MARGIN = timedelta(minutes=5)


def example() -> Path:
    """The example municipality's folder: in the wheel, or in the checkout."""
    package = Path(hub.__file__).parent
    inside = package / "_data" / "examples" / "umea"
    return inside if inside.is_dir() else package.parent / "examples" / "umea"


@click.command()
@click.option("--exit", "exit_", is_flag=True, help="End by itself; 0 only if every system is as it should be.")
@click.option("--port", type=int, default=8480, show_default=True, help="Of the hub; 0 takes a free one.")
def demo(*, exit_: bool, port: int) -> None:
    """Play a day in tennishallen in accelerated time, and show what is true in each system."""
    try:
        played = asyncio.run(_demo(stay=not exit_, port=0 if exit_ else port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        msg = f"something else listens at port {port}, another demo or hub; choose with --port"
        raise CannotRunError(msg) from error
    sys.exit(1 if played.wrong else 0)


async def _demo(*, stay: bool, port: int) -> Played:
    console = Console(width=None if sys.stdout.isatty() else 170)
    with tempfile.TemporaryDirectory(prefix="knutpunkt-demo-") as home:
        async with stage(example(), Path(home), SCENES[0].when - _MARGIN, port) as (here, address, key):
            with Live(console=console, auto_refresh=False, transient=False) as live:
                rows: list[Moment] = []

                def show(moment: Moment) -> None:
                    if moment.told or moment.wrong:
                        rows.append(moment)
                    live.update(
                        _table([*rows[-18:], moment] if moment not in rows else rows[-18:]), refresh=console.is_terminal
                    )

                played = await play(here, show)
                live.update(_table([moment for moment in played.moments if moment.told or moment.wrong]), refresh=True)
            console.print(_messages(played), _money(played))
            _report(console, played)
            if stay:
                await _stay(console, address, key)
    return played


def _table(moments: list[Moment]) -> Table:
    table = Table(
        title="Tennishallen, Sporthall Nord (knx), konstgräset (modbus) och rådhuset (bacnet), måndag 23 november 2026:"
        " vad som är sant"
    )
    for heading in (
        "Tid", "Vad som händer", "Lampor, lästa", "BACnet, läst: i kraft [prioritet: vill]", "Koder i ARX, lästa",
        "Meddelanden", "Fakturerat, kr", "Problem", "Som det ska",
    ):  # fmt: skip
        table.add_column(heading)
    for moment in moments:
        lit = ", ".join(f"{lamp} {level} %" for lamp, level in moment.true.lamps.items() if level)
        warm = ", ".join(f"{room} {climate}" for room, climate in moment.true.climate.items() if climate.wanted)
        codes = ", ".join(sorted({key.removeprefix("hub-B-2026-") for key, *_ in moment.true.openings}))
        problem = ", ".join(f"{problem.title} ({problem.waiting} väntar)" for problem in moment.problems)
        table.add_row(
            moment.wall_time,
            moment.told,
            lit or "släckt",
            warm or "ingen vill något",
            codes or "inga",
            str(sum(moment.true.told.values()) or "-"),
            str(sum(moment.true.invoiced.values(), Decimal(0)) or "-"),
            problem or "-",
            "\n".join(moment.wrong) or "ja",
        )
    return table


def _messages(played: Played) -> Table:
    table = Table(title="De fem som ska veta")
    for heading in ("Roll", "Meddelanden, lästa hos dem"):
        table.add_column(heading)
    for role, count in sorted(played.moments[-1].true.told.items()):
        table.add_row(role, str(count))
    return table


def _money(played: Played) -> Table:
    table = Table(title="Reskontran: fakturor, krediter och återbetalningar")
    for heading in ("Nyckel", "Slag", "Bokningar", "Kronor", "Läge"):
        table.add_column(heading)
    for one in played.invoices:
        kind, state = (said(code, "sv") for code in (one.kind, one.state))
        table.add_row(one.key, kind, ", ".join(one.bookings), str(one.payable), state)
    for number, amount in played.refunds:
        table.add_row("", said("refund", "sv"), number, str(amount), "begärd")
    return table


def _report(console: Console, played: Played) -> None:
    read = len(played.moments)
    if played.wrong:
        console.print(f"[red]{len(played.wrong)} avvikelser vid {read} avläsningar:[/red]")
        for told in played.wrong:
            console.print(f"  {told}")
    else:
        console.print(
            f"Alla system var som de skulle vid samtliga {read} avläsningar. Every system was as it should be."
        )


async def _stay(console: Console, address: str, key: str) -> None:
    console.print(f"Navet är igång / the hub is up: {address}  (nyckel/key: {key})")
    console.print(
        f"  {address}/console/2480  Är kvällen klar? / Is tonight ready?  (lösenord/password: nyckeln/the key)"
    )
    console.print(f"  {address}/docs  API:t / the API.   Ctrl-C avslutar / ends.")
    await asyncio.Event().wait()
