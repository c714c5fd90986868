"""The REST API, path by path."""
