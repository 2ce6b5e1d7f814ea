"""What is counted in plain dictionaries is told as the client's own counters tell it."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hub.service.process.meters import SECONDS
from hub.service.process.tallies import Spread, Tally

LABELS = ("municipality", "kind")


def test_a_tally_is_told_as_a_counter() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tally, counter = Tally("walks", "Walks.", LABELS, ours), Counter("walks", "Walks.", LABELS, registry=theirs)
    assert generate_latest(ours) == generate_latest(theirs)
    for place in (("2480", "switch"), ("2480", 'a "b"\\'), ("2480", "switch")):
        tally.count(place)
        counter.labels(*place).inc()
    assert generate_latest(ours) == generate_latest(theirs)
    assert b'walks_total{kind="switch",municipality="2480"} 2.0' in generate_latest(ours)


def test_a_spread_is_told_as_a_histogram() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    spread = Spread("late_seconds", "Late.", LABELS, SECONDS, ours)
    histogram = Histogram("late_seconds", "Late.", LABELS, buckets=SECONDS, registry=theirs)
    assert generate_latest(ours) == generate_latest(theirs)
    for place, value in ((("1", "a"), 0.0), (("1", "a"), 0.5), (("1", "b"), 1.0), (("1", "b"), 1e9), (("1", "a"), 60)):
        spread.observe(place, value)
        histogram.labels(*place).observe(value)
    assert generate_latest(ours) == generate_latest(theirs)
    assert b'late_seconds_count{kind="a",municipality="1"} 3.0' in generate_latest(ours)
