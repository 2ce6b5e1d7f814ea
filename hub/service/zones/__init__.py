"""Zones in time: their lines, what sensors tell of them, what is noticed, and the month in light and heat."""
