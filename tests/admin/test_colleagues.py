"""Nobody gains the rights of a colleague by setting the colleague's password."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from cms.accounts.models import User

pytestmark = pytest.mark.django_db


def colleague(name: str, *permissions: str, **more: Any) -> User:
    """Staff with these permissions, by codename."""
    user = User.objects.create_user(name, is_staff=True, **more)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def office() -> Client:
    """The browser of somebody who administers people, and sees stations."""
    client = Client()
    client.force_login(colleague("office", "view_user", "change_user", "view_chargingstation"))
    return client


def posted(client: Client, user: User) -> int:
    """What becomes of a new password for ``user``."""
    page = reverse("admin:auth_user_password_change", args=(user.pk,))
    said = {
        "password1": "battery staple 7",
        "password2": "battery staple 7",
        "usable_password": "true",
    }
    return client.post(page, said).status_code


def test_who_may_do_no_more_than_oneself_gets_a_new_password(office):
    assert posted(office, colleague("carl", "view_chargingstation")) == 302


def test_who_may_do_more_does_not(office):
    assert posted(office, colleague("carla", "refund_wallet")) == 403


def test_nor_who_does_so_by_a_role(office):
    user = colleague("carl")
    user.groups.add(Group.objects.get(name="Finance"))
    assert posted(office, user) == 403


def test_nor_who_could_before_the_account_was_closed(office):
    assert posted(office, colleague("carl", "refund_wallet", is_active=False)) == 403


def test_a_driver_gets_one(office):
    assert posted(office, User.objects.create_user("ann")) == 302
