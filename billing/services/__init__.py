"""What may be done with money: the only code that writes here."""
