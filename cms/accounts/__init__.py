"""Who may work with the system: users and API keys."""
