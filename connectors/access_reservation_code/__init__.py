"""Doors of a service that makes a code for each reservation (the shape of Pindora), and may change it."""

from connectors.access_reservation_code.connector import ReservationCodes

__all__ = ["ReservationCodes"]
