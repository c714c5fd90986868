"""Tokens of apps: ours, those signed with our secret by somebody else, and all others."""

from __future__ import annotations

from datetime import UTC, datetime

import jwt
import pytest
from django.conf import settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from cms.accounts import tokens
from cms.accounts.tokens import NotValid
from tests.drivers.given import a_driver, soon

pytestmark = pytest.mark.django_db


def signed(secret="", algorithm="HS256", **claims):
    """A token another tool made."""
    return jwt.encode({"exp": soon(), **claims}, secret or settings.SECRET_KEY, algorithm)


def why(token):
    """Why it opens nothing."""
    with pytest.raises(NotValid) as refused:
        tokens.presented(token)
    return str(refused.value)


def test_our_own_access_token_says_who_it_is_and_until_when():
    ann = a_driver()
    token = AccessToken.for_user(ann)
    found = tokens.presented(str(token))
    assert (found.user_id, found.username) == (ann.pk, "ann")
    assert found.expires_at == datetime.fromtimestamp(token["exp"], UTC)


@pytest.mark.parametrize("claim", ["sub", "userId", "user_id"])
def test_a_token_of_another_tool_with_our_secret_counts_by_number_and_by_name(claim):
    ann = a_driver()
    assert tokens.presented(signed(**{claim: str(ann.pk)})).user_id == ann.pk
    assert tokens.presented(signed(**{claim: "ann"})).user_id == ann.pk


def test_a_token_that_ran_out_says_so():
    a_driver()
    assert why(signed(sub="ann", exp=soon(-1))) == "Token expired"


def test_no_token_says_so():
    assert why("") == "Missing token"


def test_a_refresh_token_opens_nothing():
    assert why(str(RefreshToken.for_user(a_driver()))) == "Invalid token"


@pytest.mark.parametrize("token", ["x", "a.b.c", "\0", "é", "a" * 10_000])
def test_what_is_no_token_opens_nothing(token):
    assert why(token) == "Invalid token"


def test_a_forged_token_opens_nothing():
    a_driver()
    assert why(signed("another secret that is as long as ours is", sub="ann")) == "Invalid token"
    none = jwt.encode({"sub": "ann", "exp": soon()}, "", "none")
    assert why(none) == "Invalid token"


def test_a_token_that_never_ends_opens_nothing():
    a_driver()
    assert why(jwt.encode({"sub": "ann"}, settings.SECRET_KEY, "HS256")) == "Invalid token"


@pytest.mark.parametrize("subject", ["nobody", "99999999", "9" * 30])
def test_a_token_of_nobody_opens_nothing(subject):
    assert why(signed(sub=subject)) == "Invalid token"


def test_who_may_not_log_in_any_more_has_no_token_either():
    ann = a_driver()
    token = str(AccessToken.for_user(ann))
    ann.is_active = False
    ann.save()
    assert why(token) == "Invalid token"
