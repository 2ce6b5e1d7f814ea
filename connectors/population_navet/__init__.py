"""Skatteverket's Navet: the population register that municipalities ask, over SOAP."""

from connectors.population_navet.connector import NavetRegister

__all__ = ["NavetRegister"]
