"""Tests of the stations app: its facts and verbs, without a socket."""
