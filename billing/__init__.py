"""What charging costs. Tariffs, rating, bills and the ledger arrive with their own issue."""
