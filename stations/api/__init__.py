"""Stations over REST: a module per noun, composed in urls."""
