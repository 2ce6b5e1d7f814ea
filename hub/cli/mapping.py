"""`knutpunkt mapping`: try a mapping document on its samples, or on a file."""

import difflib
import json
from itertools import islice
from pathlib import Path

import click

from hub.cli import options, showing
from hub.cli.options import CannotRunError
from hub.cli.words import Words
from hub.configuration.mappings import FILE, read_mapping
from hub.errors import HubError
from hub.mapping import Mapping
from hub.mapping.samples import Difference, differences, shipped, tried
from hub.sdk import RejectedError
from hub.service.words.saying import Language

_PERSONAL = ("given_name", "family_name", "identity_number", "unverified_number", "birth_date")


@click.group()
def mapping() -> None:
    """Test and try mapping documents: what files mean, written without code."""


@mapping.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@options.language
@options.as_json
@click.pass_context
def test(context: click.Context, folders: tuple[Path, ...], language: Language, *, as_json: bool) -> None:
    """Hold each mapping in FOLDERS (a mapping's own, or one of several) against its samples; default: the hub's own."""
    words, wrong, told = Words(language), 0, []
    for folder in _mappings(folders):
        found, count = _tested(folder)
        wrong += bool(found)
        told.append({"mapping": folder.name, "samples": count, "differences": [one._asdict() for one in found]})
        if not as_json:
            click.echo(words("tested", name=folder.name, samples=count, wrong=len(found)))
            for one in found:
                click.echo(
                    "\n".join(difflib.unified_diff(one.expected, one.found, one.sample, one.sample, lineterm=""))
                )
    if as_json:
        showing.as_json({"mappings": told})
    context.exit(1 if wrong else 0)


def _mappings(folders: tuple[Path, ...]) -> list[Path]:
    found = [path for told in folders or (shipped(),) for path in _of(told)]
    if not found:
        raise CannotRunError(f"no {FILE} there; a mapping is a folder with {FILE}, samples/ and expected/")
    return found


def _of(folder: Path) -> list[Path]:
    return [folder] if (folder / FILE).exists() else sorted(path.parent for path in folder.glob(f"**/{FILE}"))


def _tested(folder: Path) -> tuple[list[Difference], int]:
    samples = sorted((folder / "samples").glob("*")) if (folder / "samples").is_dir() else []
    if not samples:
        raise CannotRunError(f"{folder}/samples: no sample; put a file there, and what it means in expected/")
    return list(differences(_loaded(folder), folder)), len(samples)


def _loaded(folder: Path) -> Mapping:
    try:
        document, findings = read_mapping(folder)
    except HubError as error:
        raise CannotRunError(str(error)) from error
    if document is None or findings:
        raise CannotRunError("\n".join(map(str, findings)))
    return Mapping(document)


@mapping.command("try")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.option("--limit", type=click.IntRange(1), default=20, help="Items that are shown.")
@options.option("--show-personal", is_flag=True, help="Names and numbers too, which are else masked.")
@options.language
@options.as_json
@click.pass_context
def try_(context: click.Context, /, folder: Path, file: Path, **told: object) -> None:
    """Show what FILE would mean by the mapping in FOLDER (or the hub's own of that name)."""
    mapped = _loaded(folder if folder.is_dir() else shipped() / folder.name)
    wrong = 0
    try:
        for one in islice(tried(mapped, file), int(str(told["limit"]))):
            wrong += bool(one.fault)
            shown = one.message if told["show_personal"] else masked(one.message)
            line = {"place": one.place, "fault": one.fault} if one.fault else {"place": one.place, "message": shown}
            click.echo(json.dumps(line, ensure_ascii=False) if told["as_json"] else _line(one.place, one.fault, shown))
    except RejectedError as error:
        raise CannotRunError(str(error)) from error
    context.exit(1 if wrong else 0)


def masked(told: object) -> object:
    """The same without what says who somebody is."""
    match told:
        case dict():
            return {key: "********" if key in _PERSONAL else masked(one) for key, one in told.items()}
        case list():
            return [masked(one) for one in told]
    return told


def _line(place: str, fault: str, shown: object) -> str:
    if fault:
        return f"{place}: {fault.removeprefix(f'{place}: ')}"
    return f"{place}\n{json.dumps(shown, ensure_ascii=False, indent=2)}"
