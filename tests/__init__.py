"""Tests of Voltdesk: they mirror the apps, plus journeys, conformance, simulator, benchmarks."""
