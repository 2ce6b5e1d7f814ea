"""Invoices and credit notes over Peppol, handed to an access point as files."""

from connectors.finance_peppol.connector import PeppolFinance

__all__ = ["PeppolFinance"]
