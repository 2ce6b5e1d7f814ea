"""DAK (Digitalt Aktivitetskort): files of attendance from systems of associations, versions 2.1 and 2.2."""

from connectors.attendance_dak.connector import DakAttendance

__all__ = ["DakAttendance"]
