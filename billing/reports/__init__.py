"""Billing reports: what was billed in a time, by what, and whether the ledger says the same."""
