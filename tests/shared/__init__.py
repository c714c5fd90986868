"""Tests of the floor every app stands on."""
