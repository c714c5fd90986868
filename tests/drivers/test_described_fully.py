"""Schemathesis as somebody who is logged in: no answer to a driver is one nobody described."""

from __future__ import annotations

import pytest
from rest_framework_simplejwt.tokens import RefreshToken

from tests.api.test_schemathesis import asked, problems_of
from tests.drivers.test_described_api import boss, there

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("fresh_throttle")]
__all__ = ["asked", "boss", "there"]  # fixtures


@pytest.fixture
def api() -> None:
    """Nobody: who asks here is logged in."""


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_every_answer_to_who_is_logged_in_is_described(method, asked, boss, there):
    caller = f"Bearer {RefreshToken.for_user(boss).access_token}"
    own = asked.include(
        method=method.upper(), path_regex="^/api/(me|users|auth/(register|forgot|reset|verify))"
    )
    found = [one.ok() for one in own.get_all_operations()]
    problems = [text for one in found for text in problems_of(one, there, caller)]
    assert found
    assert not problems, "\n\n".join(problems)
