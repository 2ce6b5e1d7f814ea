"""Persons: by what one is found, what may be told of one, and what is left where one is protected.."""
