"""The small vendors: what the kit says of six systems that differ as far as systems do."""

from hub.conformance import conformance
from tests.vendors.app_lock import AppLock
from tests.vendors.app_lock.simulator import AppSimulator
from tests.vendors.coil import CoilControl
from tests.vendors.coil.simulator import CoilSimulator
from tests.vendors.day_lock import DayLock
from tests.vendors.day_lock.simulator import DaySimulator
from tests.vendors.room_climate import ClimateControl
from tests.vendors.room_climate.simulator import ClimateSimulator
from tests.vendors.seam_like import SeamLock
from tests.vendors.seam_like.simulator import SeamSimulator
from tests.vendors.slot_lock import SlotLock
from tests.vendors.slot_lock.simulator import SlotSimulator

TestAppLock = conformance(AppLock, AppSimulator)
TestClimateControl = conformance(ClimateControl, ClimateSimulator)
TestCoilControl = conformance(CoilControl, CoilSimulator)
TestDayLock = conformance(DayLock, DaySimulator)
TestSeamLock = conformance(SeamLock, SeamSimulator)
TestSlotLock = conformance(SlotLock, SlotSimulator)
