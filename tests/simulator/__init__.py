"""A charge point for OCPP 1.6J, fleets of them, and a player of recorded sessions."""
