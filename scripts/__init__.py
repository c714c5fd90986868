"""What sets this up and keeps it in order: `make` calls these."""
