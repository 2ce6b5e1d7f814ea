"""Reservation codes before the kit, as seasonal bookings; from one kind to another in `test_codes.py`."""

from collections.abc import Mapping

from connectors.access_reservation_code import ReservationCodes
from connectors.access_reservation_code.simulator import CodesSimulator
from hub.conformance import conformance


class Seasonal(CodesSimulator):
    """One that is only asked for seasonal bookings."""

    def config(self) -> Mapping[str, object]:
        return {**super().config(), "kinds": ["seasonal-booking"]}


TestReservationCodes = conformance(ReservationCodes, Seasonal)
