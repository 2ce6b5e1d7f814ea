"""What may be said of a ratio."""

import pytest

from tests.bench.peers.rows import Row, table
from tests.bench.peers.runs import MissingError, in_turn, row


def a_row(*ratios: float, must: float = 2.0, aim: float = 3.0, more: bool = True) -> Row:
    told = [ratio * 100 for ratio in ratios]
    return Row(
        measure="drain",
        against="Celery",
        unit="/s",
        ours=told,
        theirs=[100.0] * len(told),
        must=must,
        aim=aim,
        more=more,
    )


@pytest.mark.parametrize(
    "ratios, more, verdict",
    [
        ((3.1, 3.2, 3.0), True, "aim met"),
        ((2.9, 3.2, 3.0), True, "pass; aim undecided"),
        ((2.1, 2.2, 2.0), True, "pass"),
        ((1.9, 2.2, 2.5), True, "undecided"),
        ((1.9, 1.2, 0.5), True, "fails"),
        ((1.9, 3.2, 4.5), False, "undecided"),
        ((2.1, 3.2, 4.5), False, "fails"),
    ],
)
def test_a_verdict_is_of_every_round_and_an_interval_with_the_limit_inside_is_undecided(
    ratios: tuple[float, ...], verdict: str, *, more: bool
) -> None:
    judged = a_row(*ratios, more=more)
    assert judged.verdict == verdict
    assert judged.fails == (verdict == "fails")


def test_what_this_machine_lacks_is_a_row_that_says_so_and_the_others_are_measured() -> None:
    def lacking() -> float:
        raise MissingError("rabbitmq-server")

    runs = in_turn(3, {"ours": lambda: 4.0, "theirs": lacking, "others": lambda: 2.0})
    lines = [
        row("drain", name, runs["ours"], runs[name], float, unit="/s", must=1.0, aim=2.0)
        for name in ("theirs", "others")
    ]
    assert [line.verdict for line in lines] == ["not measured: rabbitmq-server", "aim met"]
    assert "| drain | others | 4.00 /s | 2.00 /s | 2.00x (2.00 - 2.00) | at least 1.00 | at least 2.00 |" in table(
        lines
    )
