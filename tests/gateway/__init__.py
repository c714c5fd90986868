"""Tests of the gateway: frame by frame without sockets, then over real ones."""
