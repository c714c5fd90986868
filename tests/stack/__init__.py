"""Tests of the whole stack: real server processes, and what they survive."""
