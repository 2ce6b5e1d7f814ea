"""What comes in from outside, taken in one transaction: attendance, and what a population register tells."""
