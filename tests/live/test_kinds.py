"""Which names a page may be told of: those of kinds its reader may look at."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from cms.accounts.models import User
from cms.live.consumer import kinds_of
from cms.shared import scoping

pytestmark = pytest.mark.django_db


def person(*models):
    """Somebody who may look at these models of the stations app."""
    user = User.objects.create_user("petra", is_staff=True)
    wanted = [f"view_{model}" for model in models]
    user.user_permissions.add(*Permission.objects.filter(codename__in=wanted))
    return user


def test_who_may_look_at_nothing_is_told_of_no_row():
    assert kinds_of(person()) == {"home"}  # that something happened, somewhere


def test_each_kind_needs_the_right_to_look_at_its_rows():
    assert kinds_of(person("chargingsession")) == {"home", "session"}
    User.objects.all().delete()
    assert kinds_of(person("chargingstation")) == {"home", "station", "list"}


def test_a_superuser_is_told_of_everything():
    root = User.objects.create_superuser("root")
    assert kinds_of(root) == {*scoping.kinds()}
