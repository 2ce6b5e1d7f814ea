"""`knutpunkt`: the group of commands. A command's module is imported when it is asked for."""

from importlib import import_module
from importlib.util import find_spec

import click

COMMANDS = {
    "serve": "hub.cli.serve:serve",
    "worker": "hub.cli.worker:worker",
    "demo": "hub.cli.demo:demo",
    "check": "hub.cli.check:check",
    "rehearse": "hub.cli.rehearse:rehearse",
    "plan": "hub.cli.configuring:plan",
    "apply": "hub.cli.configuring:apply",
    "history": "hub.cli.configuring:history",
    "rollback": "hub.cli.configuring:rollback",
    "import": "hub.cli.importing:import_bookings",
    "fetch": "hub.cli.quarantine:fetch",
    "quarantine": "hub.cli.quarantine:quarantine",
    "status": "hub.cli.status:status",
    "problems": "hub.cli.problems:problems",
    "sensors": "hub.cli.sensors:sensors",
    "explain": "hub.cli.explain:explain",
    "verify": "hub.cli.verify:verify",
    "audit": "hub.cli.audit:audit",
    "reconcile": "hub.cli.reconcile:reconcile",
    "mapping": "hub.cli.mapping:mapping",
    "connector": "hub.cli.connector:connector",
    "certify": "hub.cli.connector:certify",
    "key": "hub.cli.key:key",
    "migrate": "hub.cli.migrate:migrate",
    "backup": "hub.cli.backup:backup",
    "restore": "hub.cli.backup:restore",
}
"""Where each command is, in the order in which help lists them."""


class Commands(click.Group):
    """Commands by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        module, _, name = COMMANDS.get(cmd_name, "").partition(":")
        if not module or find_spec(module) is None:
            return None
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="knutpunkt", prog_name="knutpunkt")
def knutpunkt() -> None:
    """Knutpunkt: a booking opens the door, lights the court and keeps both so, with proof.

    Ends 0 (warnings allowed), 1 (errors found) or 2 (could not run).
    """


def main() -> None:
    """Run the command line."""
    knutpunkt(prog_name="knutpunkt")
