"""What persons are told of bookings: what is news to whom, and in which words."""
