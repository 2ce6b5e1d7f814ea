"""Plays the day: moves the clock, acts the scenes, reads every system, and keeps what was not as it should be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.clock import STOCKHOLM
from hub.demo.script import ARX_BACK, ARX_GOES_DOWN, SCENES, Ledger, Scene, checkpoints
from hub.demo.stage import Stage
from hub.demo.truth import Truth, differences, should_be, true_now
from hub.model.events import EventType
from hub.model.ledger import InvoiceView
from hub.model.standing import ProblemAnswer

LONGEST_WAIT = timedelta(minutes=5)
"""The longest that the hub waits before it asks a system again."""


@dataclass(frozen=True)
class Moment:
    """How everything is at one moment of the day."""

    now: datetime
    told: str
    """The scene that was just played; empty at a checkpoint."""
    true: Truth
    should: Truth
    wrong: tuple[str, ...]
    problems: tuple[ProblemAnswer, ...]

    @property
    def wall_time(self) -> str:
        """The time on the wall of the hall."""
        return f"{self.now.astimezone(STOCKHOLM):%H:%M}"


@dataclass
class Played:
    """The day so far."""

    moments: list[Moment] = field(default_factory=list)
    invoices: list[InvoiceView] = field(default_factory=list)
    """All that there are at the end."""
    refunds: list[tuple[str, Decimal]] = field(default_factory=list)
    """What was asked to be paid back, by booking number."""

    @property
    def wrong(self) -> list[str]:
        """All that was not as it should be, with its time."""
        return [f"{moment.wall_time} {told}" for moment in self.moments for told in moment.wrong]


Show = Callable[[Moment], None]


async def play(stage: Stage, show: Show) -> Played:
    """Play every scene and every checkpoint, in order of time."""
    ledger, played, scenes = Ledger({}, {}), Played(), {scene.when: scene for scene in SCENES}
    locks_answer = True
    for when in sorted({*scenes, *checkpoints()}):
        await stage.play_until(when)
        scene = scenes.get(when)
        if scene:
            await scene.act(stage, ledger)
            await stage.quiet()
        locks_answer = _locks_answer(scene, locks_answer, when)
        moment = await _moment(stage, ledger, scene, locks_answer=locks_answer)
        played.moments.append(moment)
        show(moment)
    played.moments[-1] = _with_one_problem_checked(played)
    played.invoices, played.refunds = await stage.invoices(), _refunds(await stage.events())
    return played


def _locks_answer(scene: Scene | None, before: bool, now: datetime) -> bool:  # noqa: FBT001 - what was so before
    """Whether the lock system is judged: not while it is down, nor in the minutes until the hub asks it again."""
    if scene and scene.act is ARX_GOES_DOWN:
        return False
    return before or now >= ARX_BACK + LONGEST_WAIT


async def _moment(stage: Stage, ledger: Ledger, scene: Scene | None, *, locks_answer: bool) -> Moment:
    now = stage.clock.now()
    true, should = true_now(stage, now), should_be(ledger, now)
    wrong = differences(true, should, locks_answer=locks_answer)
    events = await stage.events()
    if (refunds := _refunds(events)) != ledger.refunds:
        wrong.append(f"återbetalningar: {refunds}, ska vara {ledger.refunds}")
    if (overridden := _overridden(events)) != ledger.overridden:
        wrong.append(f"sett ändrat för hand: {overridden}, ska vara {ledger.overridden}")
    problems = await stage.problems()
    if locks_answer and problems:
        wrong += [f"problem kvar: {problem.connection} {problem.title}" for problem in problems]
    if len(problems) > 1:
        wrong.append(f"{len(problems)} problem för en enda orsak")
    return Moment(now, scene.told if scene else "", true, should, tuple(wrong), tuple(problems))


def _refunds(events: list[dict[str, Any]]) -> list[tuple[str, Decimal]]:
    """What was asked to be paid back."""
    asked = (event for event in events if event["type"] == EventType.REFUND_REQUESTED)
    return [(event["subject"], Decimal(event["data"]["amount"])) for event in asked]


def _overridden(events: list[dict[str, Any]]) -> list[str]:
    """At what the hub found zones that somebody set by hand."""
    return [event["data"]["found"] for event in events if event["type"] == EventType.EFFECT_OVERRIDDEN]


def _with_one_problem_checked(played: Played) -> Moment:
    """The outage must have been seen, as one problem."""
    last = played.moments[-1]
    if any(moment.problems for moment in played.moments):
        return last
    return Moment(last.now, last.told, last.true, last.should, (*last.wrong, "avbrottet syntes aldrig"), last.problems)
