"""The hub killed with -9, under load and between any two of its steps; its systems lose calls and apply some late."""
