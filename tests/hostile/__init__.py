"""Hostile and broken input over real sockets, graded by the six rules of real chargers."""
