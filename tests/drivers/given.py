"""What is given in the tests of drivers: people with a card, and what they present."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cms.accounts.models import User
from cms.accounts.tokens import Presented
from tests.stations import given

LATER = datetime(2035, 1, 1, tzinfo=UTC)


def a_driver(name: str = "ann", tag: str = "ANN-1") -> User:
    """Somebody with a card that may charge."""
    user = User.objects.create_user(name)
    given.a_card(tag, user=user)
    return user


def presented(user: User) -> Presented:
    """As their token says it."""
    return Presented(user.pk, user.username, LATER)


def soon(seconds: float = 60) -> datetime:
    """A moment from now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
