"""ConfigurationTemplate: what the settings of one model of station should be."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from cms.shared.models import Timestamped

MOST_KEYS = 200


def check_settings(settings: Any) -> None:
    """Raise ValidationError unless ``settings`` is keys with texts, each as OCPP allows them."""
    if not isinstance(settings, dict) or not settings:
        raise ValidationError("Give at least one key with its value.")
    if len(settings) > MOST_KEYS:
        raise ValidationError(f"A template holds at most {MOST_KEYS} keys.")
    for key, value in settings.items():
        if not key or len(key) > 50:
            raise ValidationError(f"{key[:60]!r} is no key: it has 1 to 50 characters.")
        if not isinstance(value, str) or len(value) > 500:
            raise ValidationError(f"The value of {key} should be a text of at most 500 characters.")


class ConfigurationTemplate(Timestamped):
    """Keys and values for the stations whose vendor, model and firmware match.

    The patterns know ``*`` and ``?``, ignore letter case, and an empty one matches everything.
    """

    name = models.CharField(max_length=100, unique=True)
    vendor = models.CharField(max_length=255, blank=True)
    model = models.CharField(max_length=255, blank=True)
    firmware = models.CharField(max_length=255, blank=True)
    settings = models.JSONField(default=dict, validators=[check_settings])
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name
