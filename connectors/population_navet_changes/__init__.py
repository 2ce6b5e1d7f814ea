"""Skatteverket's Navet, the other way: files in which it tells whose record has changed (ändringsavisering)."""

from connectors.population_navet_changes.connector import NavetChanges

__all__ = ["NavetChanges"]
