"""Roles: what each may do, and that nobody's decision about them is undone."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from cms.accounts import roles
from cms.accounts.models import Role, User
from cms.accounts.roles import ROLES
from stations.models import Command
from tests.admin.dialogs import address, press

pytestmark = pytest.mark.django_db
MONEY = (
    "change",
    "add",
    "delete",
    "refund",
    "reprice",
    "approve",
    "close",
    "issue",
    "top_up",
    "pay_out",
)


def somebody(role: str) -> Client:
    """A person of a role at a browser."""
    user = User.objects.create_user(role.lower(), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def permissions(role: str) -> set[str]:
    """What a role may."""
    rows = Permission.objects.filter(group__name=role)
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


@pytest.fixture
def new_installation() -> None:
    """As an installation that never had roles."""
    Role.objects.all().delete()
    Group.objects.all().delete()
    roles.ensure()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_there_from_the_start(role):
    assert permissions(role)


@pytest.mark.parametrize(("role", "pattern"), [(r, p) for r in ROLES for p in ROLES[r]])
def test_each_pattern_of_a_role_gives_something(role, pattern):
    assert any(fnmatchcase(name, pattern) for name in permissions(role))


@pytest.mark.parametrize("role", ROLES)
def test_no_role_administers_users(role):
    changes = {name for name in permissions(role) if re.match(r"(accounts|auth)\.(?!view)", name)}
    assert changes == set()


def test_an_auditor_changes_nothing():
    assert all(".view_" in name or ".export_" in name for name in permissions("Auditor"))


@pytest.mark.parametrize("role", ["Operator", "Support", "Technician"])
def test_only_finance_moves_money(role):
    ours = {name.removeprefix("billing.") for name in permissions(role) if "billing." in name}
    assert not {name for name in ours if name.startswith(MONEY)}
    assert "billing.refund_wallet" in permissions("Finance")


def test_finance_approves_corrections_and_does_not_set_their_limit():
    finance = permissions("Finance")
    assert {"billing.approve_correction", "billing.view_correctionlimit"} <= finance
    assert not {name for name in finance if re.search("(add|change|delete)_correctionlimit", name)}


def test_who_supports_drivers_starts_and_stops_for_them_but_resets_nothing(station, card):
    client = somebody("Support")
    press(client, "remote_start", station, id_tag="04AABBCC", connector_id="1")
    assert Command.objects.get().action == "RemoteStartTransaction"
    assert client.get(address("unlock_connector", station)).status_code == 200
    for action in ("reset", "change_configuration", "clear_cache"):
        assert client.get(address(action, station)).status_code == 403
        assert client.post(address(action, station), {}).status_code == 403
    assert Command.objects.count() == 1


def test_a_technician_resets_stations_and_sees_no_money(station):
    client = somebody("Technician")
    press(client, "reset", station, kind="Soft")
    assert Command.objects.get().action == "Reset"
    assert client.get(reverse("admin:billing_sessionbill_changelist")).status_code == 403


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_the_lists_it_may_see_and_no_others(role):
    client, may = somebody(role), permissions(role)
    for model in admin.site._registry:
        opts = model._meta
        if not any(name.startswith(f"{opts.app_label}.") for name in may):
            continue
        address = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        sees = {f"{opts.app_label}.{kind}_{opts.model_name}" for kind in ("view", "change")} & may
        assert client.get(address).status_code == (200 if sees else 403), address


@pytest.mark.usefixtures("new_installation")
def test_what_was_taken_from_a_role_is_not_given_again():
    group = Group.objects.get(name="Support")
    group.permissions.remove(Permission.objects.get(codename="serve_driver"))
    roles.ensure()
    assert "stations.serve_driver" not in permissions("Support")


@pytest.mark.usefixtures("new_installation")
def test_a_role_that_was_deleted_stays_away():
    Group.objects.get(name="Auditor").delete()
    roles.ensure()
    assert not Group.objects.filter(name="Auditor").exists()


@pytest.mark.usefixtures("new_installation")
def test_a_renamed_role_gets_what_a_later_version_brings():
    Group.objects.filter(name="Finance").update(name="Buchhaltung")
    role = Role.objects.get(name="Finance")
    group = Group.objects.get(name="Buchhaltung")
    later = Permission.objects.get(codename="refund_wallet")
    group.permissions.remove(later)
    role.granted.remove("billing.refund_wallet")
    role.save()
    roles.ensure()
    assert later in group.permissions.all()
    assert not Group.objects.filter(name="Finance").exists()


def test_a_group_of_that_name_that_was_there_before_is_left_alone():
    Role.objects.all().delete()
    Group.objects.all().delete()
    own = Group.objects.create(name="Operator")
    roles.ensure()
    roles.ensure()
    assert own.permissions.count() == 0
