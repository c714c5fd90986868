"""The roof as a Django app: holds the commands that start and set up the system."""

from __future__ import annotations

from django.apps import AppConfig


class CmsConfig(AppConfig):
    """Settings, URLs and the commands of the whole system."""

    name = "cms"
    label = "cms"
    verbose_name = "System"
