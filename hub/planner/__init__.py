"""Pure: plan(booking) -> claims and records; fold(claims) -> what a target should be."""
