"""Cards over REST."""
