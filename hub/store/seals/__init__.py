"""What is sealed at rest: keys, places and the walk over them when keys are rotated."""
