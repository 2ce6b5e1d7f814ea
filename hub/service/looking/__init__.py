"""Looking up: a booking with all that follows from it, whether tonight is ready, resources."""
