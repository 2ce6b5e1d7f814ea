"""What comes in: pulled, received, or left in a folder; understood or quarantined (inkommande)."""
