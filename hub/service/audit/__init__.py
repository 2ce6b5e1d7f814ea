"""The audit: who acts, what is written of it, its chain, and whether it is as it was written."""
