"""What a process tells of itself: traces, meters, figures."""
