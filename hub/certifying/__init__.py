"""Certificates for connectors: the kit run without a word of pytest, and a report that a procurement can ask for."""
