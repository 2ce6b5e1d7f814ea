"""Backups: a database taken out as it was at one moment, and begun anew where they are put back."""
