"""`knutpunkt audit`: who changed, looked up or was shown what, and whether that list is as the hub wrote it."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime

import click

from hub.cli import options, showing
from hub.cli.acts import SWEDISH
from hub.cli.auditing import seal_of, tell
from hub.cli.databases import looked_into, opened
from hub.cli.options import CannotRunError
from hub.cli.words import Words
from hub.clock import STOCKHOLM
from hub.model.audit import Act, AuditRow, AuditVerified
from hub.service.audit.audited import Wish, page, sought
from hub.service.audit.proving import verify as proven
from hub.service.keeping.keys import EVERY_MUNICIPALITY
from hub.service.words.saying import Language
from hub.store import audit as stored
from hub.store import configurations
from hub.store.engine.database import Connection
from hub.store.seals.sealing import Seal

_PAGE = 1000
_TIMES = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would reckon what begins so."""
_COLUMNS = ("place", "leaf", "row", "at", "act", "subject", "who", "person", "told", "private")


@click.group(invoke_without_command=True)
@options.option("--municipality", help="Whose; not needed where there is one. `*`: the installation's (keys, backups).")
@options.option("--act", type=click.Choice([act.value for act in Act]), help="Only this.")
@options.option("--subject", help="Only what is about this: a booking number, a connection, ...")
@options.option("--who", help="Only by this API key; `cli`: the command line, `hub`: the hub itself.")
@options.option("--person", help="Only by this person, as X-Sent-By tells, or the command line's user.")
@options.option("--since", type=_TIMES, help="From then on, Swedish time.")
@options.option("--until", type=_TIMES, help="Before then.")
@options.option("--limit", type=click.IntRange(1), default=100, help="At most so many, the newest.")
@options.option("--csv", "as_csv", is_flag=True, help="As a table for spreadsheets.")
@options.database
@options.language
@options.as_json
@click.pass_context
def audit(  # noqa: PLR0913, PLR0917 - a command line
    context: click.Context,
    municipality: str | None,
    act: str | None,
    subject: str | None,
    who: str | None,
    person: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    database: str,
    *,
    as_csv: bool,
    language: Language,
    as_json: bool,
) -> None:
    """Tell who changed, looked up or was shown what, the newest first; the hub may run meanwhile, or not.

    That you looked stands in it too.
    """
    if context.invoked_subcommand:
        return
    seal, words = seal_of(database), Words(language)
    wish = Wish(Act(act) if act else None, subject, who, person, _local(since), _local(until))
    with looked_into(database) as connection:
        town = municipality or _only(connection)
        rows = list(_rows(connection, seal, town, wish, limit))
    with opened(database) as connection:
        tell(connection, seal, town, Act.AUDIT_SEEN, "", private=sought(wish), rows=len(rows))
    if as_json:
        showing.as_json({"municipality": town, "rows": rows})
    elif as_csv:
        click.echo(_table(rows), nl=False)
    else:
        _show(rows, words)


def _local(told: datetime | None) -> datetime | None:
    return told.replace(tzinfo=STOCKHOLM) if told else None


def _only(connection: Connection) -> str:
    """The only municipality that there is. Raises CannotRunError."""
    towns = list(configurations.current_versions(connection))
    if len(towns) != 1:
        raise CannotRunError(f"say which with --municipality: {', '.join([*sorted(towns), EVERY_MUNICIPALITY])}")
    return towns[0]


def _rows(connection: Connection, seal: Seal, municipality: str, wish: Wish, limit: int) -> Iterator[AuditRow]:
    while limit > 0:
        found = page(connection, seal, municipality, wish, limit=min(limit, _PAGE))
        yield from found.rows
        limit -= len(found.rows)
        if found.next is None:
            return
        wish = wish._replace(before=found.next)


def _show(rows: Iterable[AuditRow], words: Words) -> None:
    shown = (
        (row.place, showing.local(row.at), _act(row.act, words), row.subject, row.who, row.person, _told(row))
        for row in rows
    )
    columns = [words(key) for key in ("chain_place", "when", "what", "about", "who", "person", "detail")]
    showing.screen().print(showing.table(columns, shown), words("times"), sep="\n")


def _act(act: str, words: Words) -> str:
    return SWEDISH.get(act, act) if words.language == "sv" else act


def _told(row: AuditRow) -> str:
    told = [f"{name} {value}" for name, value in row.told.items()]
    return ", ".join([*told, row.private] if row.private else told)


def _table(rows: Iterable[AuditRow]) -> str:
    """As CSV, for Swedish and other spreadsheets alike."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=";", lineterminator="\n")
    table.writerow(_COLUMNS)
    for row in rows:
        told = json.dumps(row.told, ensure_ascii=False)
        words = (row.act, row.subject, row.who, row.person or "", told, row.private or "")
        table.writerow([row.place, row.leaf, row.row, row.at.isoformat(), *map(_harmless, words)])
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


# ---- whether it is as it was written


@audit.command()
@options.option("--municipality", help="Only this one; `*`: the installation's. Left out: all.")
@options.option("--head", help="MUNICIPALITY:PLACE:LINK of an earlier check: that link must still be there.")
@options.database
@options.language
@options.as_json
@click.pass_context
def verify(
    context: click.Context,
    municipality: str | None,
    head: str | None,
    database: str,
    *,
    language: Language,
    as_json: bool,
) -> None:
    """See whether the audit is as the hub wrote it: what was changed, removed, put in or moved is named.

    Keep what it tells of the end of each chain in another place: with `--head` a later check sees that nothing up to
    there was taken away. Ends 0 only if all is as it was written.
    """
    seal, words = seal_of(database), Words(language)
    with looked_into(database) as connection:
        towns = [municipality] if municipality else stored.towns(connection)
        found = [proven(connection, seal, town) for town in towns]
        missed = head if head and not _is_there(connection, head) else None
    ok = not missed and not any(one.found for one in found)
    if as_json:
        showing.as_json({"ok": ok, "missed": missed, "chains": found})
    else:
        _tell(found, missed, words)
    context.exit(0 if ok else 1)


def _is_there(connection: Connection, head: str) -> bool:
    """Whether a chain still has a link where an earlier check found it. Raises CannotRunError."""
    town, _, rest = head.partition(":")
    place, colon, link = rest.partition(":")
    if not (colon and place.isdecimal()):
        raise CannotRunError(f"{head!r} is no MUNICIPALITY:PLACE:LINK")
    leaves = stored.in_chain(connection, town, int(place) - 1, limit=1)
    return bool(leaves) and leaves[0].place == int(place) and (leaves[0].link or b"").hex() == link


def _tell(found: Iterable[AuditVerified], missed: str | None, words: Words) -> None:
    for one in found:
        click.echo(words("audit_is", **one.model_dump(exclude={"findings"})))
        for each in one.findings:
            row = "" if each.row is None else f".{each.row}"
            where = words("chain_at", place="-" if each.place is None else each.place, leaf=f"{each.leaf}{row}")
            click.echo(f"  {words(f'audit_{each.verdict}')} {where}: {each.detail}")
        if one.found > len(one.findings):
            click.echo("  " + words("more", count=one.found - len(one.findings)))
    if missed:
        click.echo(words("head_missed", head=missed))
