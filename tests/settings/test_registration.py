"""Cards for verified addresses need mail to verify them by."""

from __future__ import annotations

import importlib

import pytest
from django.core.exceptions import ImproperlyConfigured

from cms.settings import apps


@pytest.fixture
def read(monkeypatch):
    """The settings of apps, read anew from such an environment."""

    def of(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return importlib.reload(apps)

    yield of
    monkeypatch.undo()
    importlib.reload(apps)


def test_verified_addresses_need_mail(read):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL should be set"):
        read(REGISTRATION="verified", EMAIL_URL="")
    assert read(REGISTRATION="verified", EMAIL_URL="smtp://x").REGISTRATION == "verified"
