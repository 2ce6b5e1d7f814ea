"""The loop: lanes taken as they fall due, carried side by side, settled, and told of."""
