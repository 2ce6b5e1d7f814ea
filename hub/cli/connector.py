"""`knutpunkt connector new` and `knutpunkt certify`: a connector in an afternoon, and the proof of it."""

import asyncio
import re
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click
import yaml

from hub.cli import options, showing
from hub.cli.options import CannotRunError
from hub.cli.words import Words
from hub.errors import HubError
from hub.service.words.saying import Language

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.group()
def connector() -> None:
    """Make connectors."""


@connector.command()
@click.argument("name")
@options.language
@options.as_json
def new(name: str, language: Language, *, as_json: bool) -> None:
    """Make a package for a lock, NAME (small letters, digits and hyphens), in a folder of that name; green at once."""
    if not _NAME.fullmatch(name):
        raise CannotRunError(f"{name!r}: small letters, digits and hyphens, beginning with a letter, such as demo-lock")
    folder = Path(name)
    if folder.exists():
        raise CannotRunError(f"{folder} is there already; choose another name, or another folder to stand in")
    _copy(folder, answers(name))
    if as_json:
        showing.as_json({"folder": str(folder), **answers(name)})
    else:
        click.echo(Words(language)("made", folder=folder, entry=answers(name)["entry"]))


def answers(name: str) -> dict[str, str]:
    """What the template asks for."""
    return {
        "name": name,
        "package": name.replace("-", "_"),
        "entry": f"access_{name.replace('-', '_')}",
        "title": "".join(part.title() for part in name.split("-")),
        "hub_version": version("knutpunkt"),
    }


def _copy(folder: Path, told: dict[str, str]) -> None:
    try:
        import copier  # noqa: PLC0415 - late: only authors of connectors need it
    except ImportError as error:
        raise CannotRunError("this needs copier: pip install 'knutpunkt[kit]'") from error
    with as_file(files("hub").joinpath("_scaffold")) as template:
        copier.run_copy(str(template), folder, data=told, defaults=True, quiet=True)


@click.command()
@click.argument("package")
@options.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the report here, as Markdown.")
@options.option("--live", is_flag=True, help="Try a real system: only what changes nothing. Needs --settings.")
@options.option("--settings", type=click.File("rb"), help="YAML: the connection's settings, secrets as ${env:NAME}.")
@options.option("--ca-file", type=click.Path(path_type=Path, exists=True), help="Private CA of the real system, PEM.")
@options.option("--allow-test-key", help="A door where one test credential may be put, read and removed.")
@options.language
@options.as_json
@click.pass_context
def certify(context: click.Context, /, package: str, language: Language, **told: Any) -> None:
    """Prove the connector PACKAGE (its name, or its package's): run the kit, and say which tier it reaches."""
    from hub.certifying.certificate import names_of  # noqa: PLC0415 - late: it loads the kit

    try:
        names = names_of(package)
    except HubError as error:
        raise CannotRunError(str(error)) from error
    if told["live"]:
        context.exit(_live(names, Words(language), told))
    context.exit(_on_simulator(names, Words(language), told))


def _on_simulator(names: list[str], words: Words, told: dict[str, Any]) -> int:
    from hub.certifying.certificate import as_markdown, certify  # noqa: PLC0415

    today = datetime.now(UTC).date().isoformat()
    try:
        found = [certify(name, on=today) for name in names]
    except HubError as error:
        raise CannotRunError(str(error)) from error
    if told["report"]:
        told["report"].write_text("\n".join(map(as_markdown, found)), encoding="utf-8")
    if told["as_json"]:
        showing.as_json(found)
    else:
        for one in found:
            click.echo(
                words("certified", name=one.connector, tier=one.tier or "-", passed=one.passed, failed=one.failed)
            )
            for failure in one.failures:
                click.echo(f"  {failure}")
            for rule in one.rules:
                if rule.state in {"failed", "missing"}:
                    click.echo(f"  {rule.tier}/{rule.rule}: {rule.state}: {rule.detail}")
    return 0 if all(one.tier for one in found) else 1


def _live(names: list[str], words: Words, told: dict[str, Any]) -> int:
    from hub.certifying.live import look  # noqa: PLC0415

    if told["settings"] is None:
        raise CannotRunError("--live needs --settings FILE: what the connection's `settings` would be")
    if len(names) > 1:
        raise CannotRunError(f"--live tries one connector; name one of them: {', '.join(names)}")
    (name,) = names
    try:
        settings = _settings(told["settings"].read())
        looked = asyncio.run(look(name, settings, ca_file=told["ca_file"], door=told["allow_test_key"]))
    except (HubError, ValueError) as error:
        raise CannotRunError(f"the settings cannot be used: {type(error).__name__}; run knutpunkt check") from error
    if told["as_json"]:
        showing.as_json(looked)
    else:
        for one in looked:
            click.echo(
                f"{words('yes') if one.ok else words('no')}: {one.what}{f' ({one.detail})' if one.detail else ''}"
            )
    return 0 if all(one.ok for one in looked) else 1


def _settings(raw: bytes) -> dict[str, object]:
    import os  # noqa: PLC0415

    from hub.configuration.secrets import resolve  # noqa: PLC0415

    try:
        told = yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise CannotRunError(f"the settings are no YAML: {error}") from error
    return resolve(told if isinstance(told, dict) else {}, os.environ)
