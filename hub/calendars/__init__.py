"""Bookings out of files of systems that can do no better: iCalendar, and tables (CSV). Pure.

A file comes in as bytes and goes out as entries, in order: each a booking as our API takes it, or the faults of its
place in the file. One bad event, or row, stops no other; a file that is cut off or nested too deep is refused whole.

Source: RFC 5545 (iCalendar), RFC 4180 (CSV), read 2026-11-21.
"""

from hub.calendars.entries import Entry, Fault
from hub.calendars.ical import read_calendar
from hub.calendars.mapping import TableMapping, read_mapping
from hub.calendars.options import CalendarOptions, Places
from hub.calendars.tables import read_table

__all__ = [
    "CalendarOptions",
    "Entry",
    "Fault",
    "Places",
    "TableMapping",
    "read_calendar",
    "read_mapping",
    "read_table",
]
