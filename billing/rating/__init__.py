"""What a session costs: pure arithmetic on plain values; no framework, no database, no clock."""
