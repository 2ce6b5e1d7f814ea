"""Long runs with full counts; `make soak` writes what they showed under docs/evidence/."""
