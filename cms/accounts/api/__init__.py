"""Accounts over REST: logging in, and people as operators administer them."""
