"""Random bytes drawn many at a time: none twice, in any thread or process."""

import os
from concurrent.futures import ThreadPoolExecutor

from hub.store.seals.chance import below, sixteen


def test_nobody_gets_what_another_got() -> None:
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda _: sixteen(), range(20_000)))
    assert len(set(drawn)) == len(drawn)
    assert {len(one) for one in drawn} == {16}


def test_a_forked_process_draws_its_own() -> None:
    sixteen()
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, b"".join(sixteen() for _ in range(300)))
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reading, 300 * 16)
    theirs = {told[n : n + 16] for n in range(0, len(told), 16)}
    assert len(theirs) == 300
    assert not theirs & {sixteen() for _ in range(300)}


def test_numbers_are_below_their_limit_and_reach_it() -> None:
    assert {below(10) for _ in range(2000)} == set(range(10))
