"""Knutpunkt: the hub between a municipality's bookings and everything else they touch."""
