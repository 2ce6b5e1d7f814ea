"""`knutpunkt migrate`: bring the database to what this version needs."""

import click

from hub.cli import options, showing
from hub.cli.auditing import tell_when_possible
from hub.cli.options import CannotRunError
from hub.errors import HubError
from hub.model.audit import Act
from hub.store.engine import migrating
from hub.store.engine.database import shown


@click.command()
@options.database
@options.as_json
def migrate(database: str, *, as_json: bool) -> None:
    """Bring the database to the schema of this version; stop every node and make a backup first."""
    try:
        before = migrating.version(database)
        migrating.migrate(database)
        after = migrating.version(database)
        if after != before:
            tell_when_possible(database, Act.MIGRATED, after or "", before=before)
    except HubError as error:
        raise CannotRunError(str(error)) from error
    if as_json:
        showing.as_json({"before": before, "after": after})
    else:
        click.echo(f"{shown(database)}: {before or 'empty'} -> {after}")
