"""Accepting bookings: one transaction for a group, the answers, dry runs, what becomes free, and planning anew."""
