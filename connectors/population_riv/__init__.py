"""Inera's Personuppgiftstjänsten, by RIV-TA, for those who already have a service platform."""

from connectors.population_riv.connector import RivRegister

__all__ = ["RivRegister"]
