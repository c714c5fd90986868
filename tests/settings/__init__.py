"""Tests of how the environment is read and refused."""
