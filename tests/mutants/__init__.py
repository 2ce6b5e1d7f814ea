"""The kit is tested by broken connectors: each mutant is one change, and some test must fail.

Run all: `python -m tests.mutants`; those of some names or vendors: `python -m tests.mutants arx toggles`.
"""
