"""How what a booking asked for stands, stood and will stand. Pure."""
