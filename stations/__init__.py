"""What stands in the street and what happens there."""
