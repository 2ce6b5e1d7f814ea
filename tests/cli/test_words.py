"""What is said: both languages, every option a variable, every command with help."""

from collections.abc import Iterator
from datetime import UTC, datetime
from string import Formatter
from typing import get_args

import click
import pytest

from hub.cli.main import COMMANDS, knutpunkt
from hub.cli.showing import local, span
from hub.cli.words import TEXTS, Words
from hub.model.booking import Status
from hub.model.events import EventType
from hub.model.standing import ConnectionAnswer
from hub.model.states import Delivery, Effect, Proof, Record
from hub.service.words.saying import LANGUAGES, STATES, said
from tests.cli.conftest import Run

OURS = [name for name in COMMANDS if name != "demo"]


def test_both_languages_have_the_same_texts_with_the_same_holes() -> None:
    def holes(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    sv, en = ({key: holes(text) for key, text in TEXTS[language].items()} for language in LANGUAGES)
    assert sv == en


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_a_name(language: str) -> None:
    of_connections = get_args(ConnectionAnswer.model_fields["state"].annotation)
    states = {*Effect, *Record, *Delivery, *Proof, *Status, *of_connections}
    assert states - set(STATES["sv" if language == "sv" else "en"]) == set()


def test_every_event_has_a_swedish_name() -> None:
    assert [event for event in EventType if Words("sv").happening(event) == event] == []


def test_an_unknown_state_is_said_as_it_is() -> None:
    assert said("standing, new-fangled", "sv") == "gäller, new-fangled"


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(knutpunkt)
    for name in OURS:
        command = knutpunkt.get_command(context, name)
        assert command
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in command.commands.items())


def test_every_option_is_a_variable_named_like_it() -> None:
    for name, command in commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                long = parameter.opts[0].removeprefix("--").replace("-", "_").upper()
                assert parameter.envvar == f"KNUTPUNKT_{long}", name


def test_every_command_answers_in_json() -> None:
    for name, command in commands():
        if not isinstance(command, click.Group):
            assert "--json" in {option for parameter in command.params for option in parameter.opts}, name


@pytest.mark.parametrize("name", OURS)
def test_every_command_explains_itself(name: str, run: Run) -> None:
    told = run(name, "--help")
    assert told.exit_code == 0
    assert name in run("--help").output


def test_an_unknown_command_cannot_be_run(run: Run) -> None:
    assert run("dance").exit_code == 2


def test_the_hour_that_comes_twice_is_told_with_its_offset() -> None:
    assert local(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "2026-10-25 02:30+0200"
    assert local(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == "2026-10-25 02:30+0100"
    assert local(datetime(2026, 10, 25, 2, 30, tzinfo=UTC)) == "2026-10-25 03:30"


def test_a_span_over_midnight_tells_both_days() -> None:
    evening = datetime(2026, 11, 22, 22, tzinfo=UTC)
    assert span(evening, evening.replace(hour=23, minute=30)) == "2026-11-22 23:00 - 2026-11-23 00:30"
    assert span(evening.replace(hour=20), evening) == "2026-11-22 21:00 - 23:00"
