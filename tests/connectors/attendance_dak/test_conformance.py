from connectors.attendance_dak import DakAttendance
from connectors.attendance_dak.simulator import DakExports
from hub.conformance import conformance

TestDakAttendance = conformance(DakAttendance, DakExports)
