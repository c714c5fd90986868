"""What charging costs."""
