"""The REST API: one router for every app's views, one form for every error."""
