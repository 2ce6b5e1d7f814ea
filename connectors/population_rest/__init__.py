"""A municipality's own service for persons, in the shape of Sundsvall's Citizen API."""

from connectors.population_rest.connector import RestRegister

__all__ = ["RestRegister"]
