"""The self-test: a station and a driver of its own, walked through a running server."""
