"""What is owed: charges in the accepting transaction, the ledger, invoices out of its lines."""
