"""`manage.py check --deploy`: an installation that is not safe to run says so."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.once
PRODUCTION = {
    "settings": "cms.settings.production",
    "SECRET_KEY": "k" * 25 + "7" * 25 + "abcdefghijkl",
    "ALLOWED_HOSTS": "cpms.example.com",
    "DATABASE_URL": "postgresql://user:password@localhost:5432/name",
}


def asked(manage, **variables: str) -> str:
    """What the check complains of."""
    done = manage("check", "--deploy", "--tag", "security", **PRODUCTION, **variables)
    assert done.returncode == 0, done.stderr
    return str(done.stderr)


def test_behind_a_proxy_that_says_when_there_is_tls_nothing_is_wrong(manage):
    assert "WARNINGS" not in asked(manage, BEHIND_PROXY="true")


def test_pages_that_do_not_know_of_tls_are_complained_of(manage):
    said = asked(manage)
    assert "voltdesk.W001" in said
    assert "BEHIND_PROXY=true" in said
