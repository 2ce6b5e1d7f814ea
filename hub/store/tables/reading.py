"""The tables of what sensors told, and of how long zones were lit and warm; no person is in them."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from hub.clock import NEVER
from hub.store.tables.columns import METADATA, row_id, town, whole

SENSORS = Table(
    "sensors",
    METADATA,
    row_id(),
    town(),
    Column("connection", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    UniqueConstraint("municipality", "connection", "key", "quantity", name="uq_sensors_key"),
)
"""A number for each sensor that told something: its key may be long, and its rows are many."""

READINGS = Table(
    "readings",
    METADATA,
    town(),
    whole("sensor"),
    whole("at"),
    whole("value"),
    PrimaryKeyConstraint("municipality", "sensor", "at"),
    Index("ix_readings_old", "municipality", "at"),
    sqlite_with_rowid=False,
)
"""What was told lately, each time of a sensor once; `value` in thousandths. What is older stands in the hours only."""

READING_HOURS = Table(
    "reading_hours",
    METADATA,
    town(),
    whole("sensor"),
    whole("hour"),
    whole("readings"),
    whole("total"),
    whole("least"),
    whole("most"),
    whole("first"),
    whole("first_at"),
    whole("last"),
    whole("last_at"),
    PrimaryKeyConstraint("municipality", "sensor", "hour"),
    Index("ix_reading_hours_old", "municipality", "hour"),
    sqlite_with_rowid=False,
)
"""An hour of a sensor, by its start: how many readings, their sum, least, most, first and last, in thousandths."""

STRETCHES = Table(
    "stretches",
    METADATA,
    row_id(),
    town(),
    whole("lane"),
    whole("starts"),
    whole("ends", NEVER),
    Column("how", Text, nullable=False),
    Index("ix_stretches_lane", "municipality", "lane", "ends"),
    Index("ix_stretches_old", "municipality", "ends"),
)
"""From when to when a zone was on, as it was confirmed; of one that still is, `ends` is the time that never comes.
`how`: on, or set by hand (by_hand_on, by_hand_off)."""

NOTICED = Table(
    "noticed",
    METADATA,
    row_id(),
    town(),
    Column("type", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("subject", Text, nullable=False),
    whole("at"),
    UniqueConstraint("municipality", "type", "zone", "subject", name="uq_noticed_subject"),
    Index("ix_noticed_old", "municipality", "at"),
)
"""What was told of a zone once, and is not told again: `subject` is an occasion, or a stretch."""
