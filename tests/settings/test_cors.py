"""The origins that may read the API come from the environment: the allow-list and the frontend."""

from __future__ import annotations

import importlib

import pytest

from cms.settings import apps


@pytest.fixture
def read(monkeypatch):
    """The settings of apps, read anew from such an environment."""

    def of(**environment):
        for name in ("CORS_ALLOWED_ORIGINS", "FRONTEND_URL"):
            monkeypatch.setenv(name, environment.get(name, ""))
        return importlib.reload(apps)

    yield of
    monkeypatch.undo()
    importlib.reload(apps)


def test_nobody_may_unless_somebody_was_named(read):
    assert read().CORS_ALLOWED_ORIGINS == []


def test_the_frontend_may_and_who_was_named_besides(read):
    found = read(FRONTEND_URL="https://a.example", CORS_ALLOWED_ORIGINS="https://b.example")
    assert found.CORS_ALLOWED_ORIGINS == ["https://a.example", "https://b.example"]
