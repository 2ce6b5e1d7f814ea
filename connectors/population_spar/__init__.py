"""SPAR: the state's register of persons and addresses, over SOAP, for those who may not ask Navet."""

from connectors.population_spar.connector import SparRegister

__all__ = ["SparRegister"]
