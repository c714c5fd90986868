"""People with an address, and mail that is set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from cms.accounts.models import User
from tests.accounts.mailed import HERS, SITE


@pytest.fixture
def mail_is_on(settings: Any) -> None:
    """Mail is sent, and this is where the system is."""
    cache.clear()  # no test pays for the tries of another
    settings.EMAIL_URL = "smtp://mail.example.com"
    settings.PUBLIC_URL = SITE
    settings.DRIVER_APP_URL = ""


@pytest.fixture
def somebody(db: None) -> Callable[..., User]:
    """Makes people with a password."""

    def make(name: str = "ann", **more: Any) -> User:
        known = {"email": f"{name}@example.com", "password": HERS, **more}
        return User.objects.create_user(name, **known)

    return make


@pytest.fixture
def ann(somebody: Callable[..., User]) -> User:
    """A driver."""
    return somebody()
