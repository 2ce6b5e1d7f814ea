"""`knutpunkt check`: a municipality's folder, without touching any system."""

from dataclasses import asdict
from pathlib import Path

import click

from hub.cli import options, showing
from hub.cli.words import Words
from hub.configuration import Report, Severity, check_folder
from hub.service.words.saying import Language


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.language
@options.as_json
@click.pass_context
def check(context: click.Context, folder: Path, language: Language, *, as_json: bool) -> None:
    """Check a municipality's FOLDER: every finding with its file and line, and how much was read."""
    report = check_folder(folder)
    if as_json:
        findings = [asdict(finding) for finding in report.findings]
        showing.as_json({"folder": str(folder), "ok": report.ok, "read": asdict(report.read), "findings": findings})
    else:
        _show(folder, report, Words(language))
    context.exit(0 if report.ok else 1)


def _show(folder: Path, report: Report, words: Words) -> None:
    for one in report.findings:
        click.echo(f"{folder / one.file}:{one.line}:{one.column}: {one.severity} {one.code}: {one.message}")
    click.echo(words("read", **asdict(report.read)))
    counts = {"errors": report.count(Severity.ERROR), "warnings": report.count(Severity.WARNING)}
    click.echo(words("ok" if report.ok else "not_ok", **counts))
