"""`knutpunkt sensors`: what is measured, and who has fallen silent."""

import click

from hub.cli import options, showing
from hub.cli.words import Words
from hub.client import At
from hub.model.sensed import SensorAnswer
from hub.service.words.saying import Language


@click.command()
@options.remote
@options.language
@options.as_json
def sensors(here: At, language: Language, *, as_json: bool) -> None:
    """List the sensors: where each is, and what it told last, and when."""
    found = here.sensors()
    if as_json:
        showing.as_json(found)
    else:
        _show(found, Words(language))


def _show(found: list[SensorAnswer], words: Words) -> None:
    if not found:
        click.echo(words("no_sensors"))
        return
    columns = [words(key) for key in ("sensor", "connection", "sensor_of", "told_last", "told_at", "state")]
    showing.screen().print(showing.table(columns, (_row(one, words) for one in found)))


def _row(one: SensorAnswer, words: Words) -> tuple[str | None, ...]:
    told = showing.local(one.at)
    return one.sensor, one.connection, one.resource or one.zone, _value(one, words), told, words(f"sensor_{one.state}")


def _value(one: SensorAnswer, words: Words) -> str:
    told = "-" if one.value is None else f"{one.value:f}"
    return f"{words(f'quantity_{one.quantity}')} {told} {words(f'unit_{one.unit}') if one.unit else ''}".rstrip()
