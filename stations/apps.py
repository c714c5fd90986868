"""Stations as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class StationsConfig(AppConfig):
    """Sites, stations, connectors, sessions, meter values, reservations and commands."""

    name = "stations"
