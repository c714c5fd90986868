"""FlexiCharge's capabilities, by our names: its own paths and codes are not copied."""
