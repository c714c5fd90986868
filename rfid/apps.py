"""RFID cards as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class RfidConfig(AppConfig):
    """Cards and card groups."""

    name = "rfid"
    verbose_name = "RFID cards"
