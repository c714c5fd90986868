"""Users and API keys as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users and API keys."""

    name = "cms.accounts"
    label = "accounts"
    verbose_name = "Users and keys"
