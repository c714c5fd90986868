"""Nobody sees or runs anything without the permission for it, and nothing happens by GET."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.urls.resolvers import RoutePattern

from cms.accounts.models import User
from stations.models import ChargingStation, Command
from tests.admin.conftest import ClientFor

pytestmark = pytest.mark.once  # rights are of no engine

_KINDS = ("actions_list", "actions_row", "actions_detail", "actions_submit_line")
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


def actions() -> Iterator[tuple[Any, str, Any]]:
    """Every dialog action of every page."""
    pages: list[Any] = list(admin.site._registry.values())
    for model_admin in pages:
        for kind in _KINDS:
            for name in model_admin._extract_action_names(getattr(model_admin, kind)):
                yield model_admin, name, getattr(model_admin, name)


def addresses(world: dict[type[Model], Any]) -> Iterator[str]:
    """Every named address of every page, with a row of its model where it takes one."""
    for model, model_admin in admin.site._registry.items():
        for url in model_admin.get_urls():
            if url.name is None:  # the old form of the change page: redirects to it
                continue
            assert isinstance(url.pattern, RoutePattern)
            row = world[model]
            others = {name: getattr(row, name, row.pk) for name in ("session_id",)}
            named = {name: others.get(name, row.pk) for name in url.pattern.converters}
            yield reverse(f"admin:{url.name}", kwargs=named)


def test_every_action_names_its_permission_and_is_a_dialog():
    found = list(actions())
    assert len(found) > 15
    for model_admin, name, action in found:
        where = f"{type(model_admin).__name__}.{name}"
        assert getattr(action, "allowed_permissions", None), f"{where} names no permission"
        is_safe = getattr(action, "dialog", None) or getattr(action, "leads", False)
        assert is_safe, f"{where} is no dialog, and leads nowhere"
        for permission in action.allowed_permissions:
            assert hasattr(model_admin, f"has_{permission}_permission"), where


def test_every_bulk_action_names_its_permission(root, rf):
    for model_admin in admin.site._registry.values():
        for name in model_admin.actions or ():
            action = getattr(model_admin, name)
            assert action.allowed_permissions, f"{type(model_admin).__name__}.{name}"


def test_rows_cannot_be_deleted_in_bulk(world, root):
    request = root.get(reverse("admin:index")).wsgi_request
    for model_admin in admin.site._registry.values():
        assert "delete_selected" not in model_admin.get_actions(request)


def test_no_page_answers_a_staff_user_without_permissions(world, client_with):
    powerless = client_with()
    found = list(addresses(world))
    assert len(found) > 80
    for address in found:
        assert powerless.get(address).status_code == 403, f"GET {address}"
        assert powerless.post(address, {"token": "x"}).status_code == 403, f"POST {address}"


def test_every_page_answers_a_superuser(world, root):
    for address in addresses(world):
        response = root.get(address)
        away = "open-" in address or address.endswith("/columns/")
        leads = away and response.get("Location", "").startswith(reverse("admin:index"))
        assert response.status_code in (200, 403) or leads, f"GET {address} gave {response}"


def test_who_may_only_look_sees_every_page_and_no_dialog(world, client_with):
    views = [f"{m._meta.app_label}.view_{m._meta.model_name}" for m in admin.site._registry]
    client = client_with(*views)
    for model, row in world.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"{name}_changelist")).status_code == 200, name
        page = client.get(reverse(f"{name}_change", args=[row.pk]))
        assert page.status_code == 200, name
        assert b"data-dialog" not in page.content
        assert b'hx-target="#modal-content"' not in page.content
    for model_admin, name, action in actions():
        meta = model_admin.model._meta
        if getattr(action, "leads", False):
            continue
        needs_row = name not in model_admin._extract_action_names(model_admin.actions_list)
        args = [world[model_admin.model].pk] if needs_row else []
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)
        assert client.post(address, {"token": "x"}).status_code == 403, address


def test_get_changes_nothing_on_any_page(world, root):
    for address in addresses(world):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            root.get(address)
        written = [q["sql"] for q in queries if q["sql"].startswith(_WRITES)]
        assert not written, f"GET {address} wrote {written}"


def test_a_stranger_is_sent_to_the_login(world):
    for address in addresses(world):
        response = Client().get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith(reverse("admin:login"))


def test_the_login_leads_to_the_home_page(root):
    page = Client().get(reverse("admin:login"))
    assert b'name="next"' in page.content
    assert reverse("admin:index").encode() in page.content


@pytest.mark.parametrize(
    "action",
    ["remote_start", "remote_stop", "reset", "unlock_connector", "change_availability", "reserve"],
)
def test_who_only_looks_at_stations_commands_none(
    action: str, station: ChargingStation, client_with: ClientFor
) -> None:
    client = client_with("stations.view_chargingstation", "stations.change_chargingstation")
    address = reverse(f"admin:stations_chargingstation_{action}", args=[station.pk])
    assert client.get(address).status_code == 403
    assert (
        client.post(address, {"kind": "Soft", "id_tag": "A", "connector_id": "1"}).status_code
        == 403
    )
    assert not Command.objects.exists()
    page = client.get(reverse("admin:stations_chargingstation_change", args=[station.pk]))
    assert address.encode() not in page.content


def test_who_sends_commands_but_sees_no_stations_gets_no_dialog(station, client_with):
    client = client_with("stations.add_command")
    address = reverse("admin:stations_chargingstation_reset", args=[station.pk])
    assert client.post(address, {"kind": "Soft"}).status_code == 403
    assert not Command.objects.exists()


def test_who_reserves_but_sees_no_reservations_gets_no_dialog_of_their_list(client_with):
    client = client_with("stations.add_reservation")
    assert client.get(reverse("admin:stations_reservation_reserve")).status_code == 403


def test_the_page_of_a_station_shows_sessions_only_to_whom_may_see_them(session, client_with):
    address = reverse("admin:stations_chargingstation_change", args=[session.station_id])
    page = reverse("admin:stations_chargingsession_change", args=[session.pk]).encode()
    narrow = client_with("stations.view_chargingstation")
    wide = client_with("stations.view_chargingstation", "stations.view_chargingsession")
    assert page not in narrow.get(address).content
    assert page in wide.get(address).content


def test_the_home_page_counts_only_what_one_may_see(session, client_with):
    address = reverse("admin:index")
    assert client_with().get(address).context["cards"] == []
    some = client_with("stations.view_chargingstation").get(address)
    assert [card["title"] for card in some.context["cards"]] == ["Online", "Needs attention"]
    assert some.context["energy"] is None


def test_the_navigation_shows_only_what_one_may_see(client_with):
    page = client_with("stations.view_chargingstation").get(reverse("admin:index")).content
    assert reverse("admin:stations_chargingstation_changelist").encode() in page
    assert reverse("admin:stations_chargingsession_changelist").encode() not in page
    assert reverse("admin:accounts_user_changelist").encode() not in page


def test_a_list_cannot_be_probed_by_undeclared_lookups(station, root):
    address = reverse("admin:stations_chargingstation_changelist")
    assert root.get(address, {"key_hash__startswith": "hmac"}).status_code == 400
    assert root.get(address, {"online": "1"}).status_code == 200
    users = reverse("admin:accounts_user_changelist")
    assert root.get(users, {"password__startswith": "a"}).status_code == 400


def test_staff_cannot_make_themselves_superusers(client_with):
    client = client_with("accounts.view_user", "accounts.change_user")
    user = User.objects.get(is_staff=True)
    address = reverse("admin:accounts_user_change", args=[user.pk])
    client.post(
        address,
        {
            "username": user.username,
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
        },
    )
    user.refresh_from_db()
    assert not user.is_superuser


def test_staff_cannot_take_over_a_superuser(root, client_with):
    client = client_with("accounts.view_user", "accounts.change_user", "accounts.delete_user")
    boss = User.objects.get(username="root")
    for page in ("auth_user_password_change", "accounts_user_delete"):
        response = client.post(reverse(f"admin:{page}", args=[boss.pk]), {"password1": "x"})
        assert response.status_code == 403
    assert User.objects.get(pk=boss.pk).check_password("secret")
