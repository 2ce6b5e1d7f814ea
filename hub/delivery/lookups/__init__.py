"""Persons looked up in the population register, for somebody who waits."""
