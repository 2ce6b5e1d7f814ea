"""What commands share: options that are variables too, and the way to a running hub."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import click
import httpx

from hub.client import DEFAULT_URL, Client, Refused
from hub.errors import ConfigurationError
from hub.service.words.saying import LANGUAGES
from hub.settings import Settings
from hub.store.engine.database import beside

Command = Callable[..., None]
_ABSENT = "not-found"


class CannotRunError(click.ClickException):
    """The command could not do its work; the text says what to do."""

    exit_code = 2


class NoSuchThingError(click.ClickException):
    """The command did its work, and the answer is that there is no such thing."""

    exit_code = 1


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601, with its offset."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401
        try:
            told = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write 2026-11-22T12:00+01:00", param, ctx)
        if told.tzinfo is None:
            self.fail(f"{value!r} has no offset; write {value}+01:00", param, ctx)
        return told


def option(name: str, *more: str, **how: Any) -> Callable[[Command], Command]:
    """An option that is also a variable: `--log-level` is KNUTPUNKT_LOG_LEVEL."""
    variable = "KNUTPUNKT_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, *more, envvar=variable, show_envvar=True, **({"show_default": True} | how))


def _address(_context: click.Context, _parameter: click.Parameter, told: str) -> str:
    """The address itself, or what `${env:NAME}` or `${file:/path}` leads to: it may hold a password."""
    try:
        url = _looked_up(told) if told.startswith("${") else told
        beside(url)
    except (ConfigurationError, ValueError) as error:
        raise click.BadParameter(str(error)) from None
    return url


def _looked_up(reference: str) -> str:
    from hub.configuration.secrets import resolve  # noqa: PLC0415 - late: few write it so

    return str(resolve({"database": reference}, os.environ)["database"])


def _spoken() -> str:
    return "sv" if os.environ.get("LANG", "").startswith("sv") else "en"


as_json = option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
database = option(
    "--database", default=Settings.database, callback=_address, help="Where the hub keeps its data; or ${file:/path}."
)
language = option(
    "--language", type=click.Choice(LANGUAGES), default=_spoken, show_default="by LANG, else en", help="sv or en."
)
_url = option("--url", default=DEFAULT_URL, help="Where the hub is.")
_municipality = option("--municipality", help="Which one; not needed where the key is for one only.")


def remote(command: Command) -> Command:
    """A command that asks a running hub: it gets one municipality's calls first, and errors become exits."""

    @wraps(command)
    def asking(*, url: str, database: str, municipality: str | None, **rest: Any) -> None:
        try:
            with Client(key(database), url) as client:
                command(client.at(municipality or only(client)), **rest)
        except Refused as refused:
            raise _told(refused) from refused
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CannotRunError(f"no connection: is knutpunkt serve running at {url}? ({error})") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise CannotRunError(f"{url}: {type(error).__name__}: {error}") from error

    return _url(_municipality(database_beside(asking)))


database_beside = option(
    "--database",
    default=Settings.database,
    callback=_address,
    help="Beside it lies the operator's key, used without KNUTPUNKT_KEY.",
)


def _told(refused: Refused) -> click.ClickException:
    error = NoSuchThingError if refused.details.code == _ABSENT else CannotRunError
    faults = [f"  {fault.pointer}: {fault.detail}" for fault in refused.details.errors]
    return error("\n".join([f"{refused} [{refused.details.code}]", *faults]))


def key(database: str) -> str:
    """The API key: KNUTPUNKT_KEY (no option, since others can see those), else the operator's, beside the database.

    That of a PostgreSQL database lies in the folder in which the hub first ran.
    """
    if told := os.environ.get("KNUTPUNKT_KEY"):
        return told
    path = beside(database).with_suffix(".operator-key")
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        msg = f"no key: set KNUTPUNKT_KEY, or say with --database where the hub's data is ({path}: {error.strerror})"
        raise CannotRunError(msg) from None


def only(client: Client) -> str:
    """The only municipality that the key is for."""
    mine = client.installation().municipalities
    if len(mine) != 1:
        raise CannotRunError(
            f"say which with --municipality: {', '.join(mine) or 'the key is for none that is served here'}"
        )
    return mine[0]
