"""`knutpunkt verify`: what a core says it has against what the hub has, and what the hub says against the systems."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import click

from hub.cli import options, showing
from hub.cli.options import CannotRunError
from hub.cli.words import Words
from hub.client import At
from hub.model.verified import Difference, Verified
from hub.service.operators.verifying import LONGEST_SECONDS, Told, compared
from hub.service.words.saying import Language

_SHAPES = "number,revision[,content], or NDJSON with those fields"


@click.command()
@click.argument("file", type=click.File("rb"), required=False)
@options.option("--wait", type=click.FloatRange(0, LONGEST_SECONDS), default=10, help="Seconds for systems to be read.")
@options.option("--no-systems", is_flag=True, help="Only compare FILE; read nothing back.")
@options.remote
@options.language
@options.as_json
@click.pass_context
def verify(  # noqa: PLR0913 - a command line
    context: click.Context,
    here: At,
    file: BinaryIO | None,
    *,
    wait: float,
    no_systems: bool,
    language: Language,
    as_json: bool,
) -> None:
    """Compare FILE (number,revision[,content]; `-`: standard input) with the hub, and the hub with its systems.

    Ends 0 only if nothing differs.
    """
    differences = list(compared(_read(file), here.bookings())) if file else None
    verified = None if no_systems else here.verify(wait=wait)
    if as_json:
        showing.as_json(_plain(differences, verified))
    else:
        _show(differences, verified, Words(language))
    context.exit(1 if differences or (verified and verified.differing) else 0)


def _plain(differences: list[Difference] | None, verified: Verified | None) -> dict[str, object]:
    same = not differences and not (verified and verified.differing)
    return {"ok": same, "bookings": differences, "systems": verified}


def _show(differences: list[Difference] | None, verified: Verified | None, words: Words) -> None:
    screen = showing.screen()
    if differences is not None:
        screen.print(words("bookings_differ", count=len(differences)))
        rows = [(one.number, words(one.difference), one.there, one.here) for one in differences]
        columns = [words(key) for key in ("number", "difference", "there", "here")]
        screen.print(*([showing.table(columns, rows)] if rows else []), end="")
    if verified is not None:
        screen.print(words("systems_differ", **verified.model_dump(exclude={"targets"})))
        rows_of = [(one.target, words(one.verdict), one.detail) for one in verified.targets]
        columns = [words(key) for key in ("target", "difference", "detail")]
        screen.print(*([showing.table(columns, rows_of)] if rows_of else []), end="")


def _read(file: BinaryIO) -> dict[str, Told]:
    """What the core says. Raises CannotRunError."""
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CannotRunError(f"the core's list is not UTF-8: {error}") from error
    first = text.lstrip()[:1]
    found: dict[str, Told] = {}
    for line, number, told in _objects(text) if first == "{" else _rows(text):
        if number in found:
            raise CannotRunError(f"line {line}: {number} comes twice in the core's list")
        found[number] = told
    return found


def _objects(text: str) -> Iterator[tuple[int, str, Told]]:
    for line, each in enumerate(text.splitlines(), 1):
        if each.strip():
            try:
                yield line, *_told(**{key: json.loads(each).get(key) for key in ("number", "revision", "content")})
            except (ValueError, AttributeError):
                raise _unreadable(line) from None


def _rows(text: str) -> Iterator[tuple[int, str, Told]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    for cells in reader:
        number, revision, content = ([cell.strip() for cell in cells] + ["", "", ""])[:3]
        if not number or (reader.line_num == 1 and revision == "revision"):
            continue
        try:
            yield reader.line_num, *_told(number, revision, content)
        except ValueError:
            raise _unreadable(reader.line_num) from None


def _told(number: Any, revision: Any, content: Any) -> tuple[str, Told]:  # noqa: ANN401 - out of a file
    if not isinstance(number, str) or not number or isinstance(revision, bool | float):
        msg = "no number or revision"
        raise ValueError(msg)
    return number, Told(int(str(revision)), str(content) if content else None)


def _unreadable(line: int) -> CannotRunError:
    return CannotRunError(f"line {line} of the core's list cannot be read: write {_SHAPES}")
