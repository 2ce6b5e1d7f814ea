"""Doors: their secrets, who came and who did not get in and why, spare codes, and what is done instead of a door."""
