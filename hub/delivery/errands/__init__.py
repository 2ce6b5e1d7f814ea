"""What carrying one lane means, by its kind: what is leased, what is to be done, and how it ended."""
