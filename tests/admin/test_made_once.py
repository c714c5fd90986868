"""What pages make by shorter ways than Django and Unfold is what those make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.db.models import Model
from django.template.base import Variable, VariableDoesNotExist
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from unfold.templatetags import unfold_list
from unfold.widgets import UnfoldAdminSelectWidget

from cms import names
from cms.accounts.models import User
from cms.shared import clock
from cms.shared.admin import LongSelect
from stations.models import ChargingSession, ChargingStation, Site
from tests.admin import test_lists

pytestmark = pytest.mark.once  # what is written by shorter ways is of no engine

full = test_lists.full  # the fixture
STATIONS = "admin:stations_chargingstation_changelist"
ZONES = [(name, name) for name in clock.zones()]


def lists() -> list[str]:
    """The addresses of all lists."""
    models = (model._meta for model in admin.site._registry)
    return [reverse(f"admin:{each.app_label}_{each.model_name}_changelist") for each in models]


def rows_of(client: Client, address: str, query: dict[str, str]) -> list[tuple[str, str]]:
    """Each row of a list as it is written, and as Unfold writes it; at one moment."""
    with time_machine.travel(timezone.now(), tick=False):
        changes = (client.get(address, query).context or {}).get("cl")
        return [
            ("\n".join(make(changes, row, None)), "\n".join(make.__wrapped__(changes, row, None)))
            for make in (unfold_list.items_for_result,)
            for row in (changes.result_list if changes else ())
        ]


def test_the_rows_of_every_list_are_those_of_unfold(full: None, root: Client) -> None:
    User.objects.create_user("anna", first_name="<b>", is_staff=True)
    found = {address: rows_of(root, address, {}) for address in lists()}
    assert [address for address, rows in found.items() if any(a != b for a, b in rows)] == []
    assert len([address for address, rows in found.items() if rows]) > 15


@pytest.mark.parametrize(
    "query", [{"q": "CP-0"}, {"tab": "online", "o": "2"}, {"_popup": "1"}, {"q": 'V<"&'}]
)
def test_the_links_of_a_narrowed_list_lead_back_to_it(
    query: dict[str, str], full: None, root: Client
) -> None:
    ChargingStation.objects.update(vendor='V<"&')
    found = rows_of(root, reverse(STATIONS), query)
    assert found
    assert [ours for ours, _ in found] == [unfolds for _, unfolds in found]


def test_a_row_is_one_text(full: None, root: Client) -> None:
    changes = root.get(reverse(STATIONS)).context["cl"]
    assert len(list(unfold_list.items_for_result(changes, changes.result_list[0], None))) == 1


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_every_choice_is_said_as_django_says_it(language: str) -> None:
    with translation.override(language):
        said = [
            (getattr(row, f"get_{field.name}_display")(), Model._get_FIELD_display(row, field))  # type: ignore[attr-defined]
            for row, field in every_choice()
        ]
    assert [ours for ours, _ in said] == [djangos for _, djangos in said]
    assert len(said) > 100


def every_choice() -> Iterator[tuple[Any, Any]]:
    """A row for each choice of each field of ours, for a word it has not, and for nothing."""
    for label in names.OURS:
        for model in apps.get_app_config(label).get_models():
            for field in (each for each in model._meta.local_fields if each.choices):
                for value in [*dict(field.flatchoices), "Unheard", None]:
                    yield model(**{field.attname: value}), field


def test_to_say_a_choice_the_others_are_not_translated() -> None:
    say = mock.patch("django.utils.translation._trans.gettext", side_effect=str.upper)
    with say as asked:
        assert ChargingSession(status="Active").get_status_display() == "UNDER WAY"
    assert [call.args for call in asked.call_args_list] == [("Under way",)]


def test_the_names_of_time_zones_are_looked_for_once(root: Client) -> None:
    site = Site.objects.create(name="Here", time_zone="Europe/Berlin")
    clock.zones()
    with mock.patch("zoneinfo.available_timezones") as looked:
        page = root.get(reverse("admin:stations_site_change", args=[site.pk])).content.decode()
    assert not looked.called
    assert '<option value="Europe/Berlin" selected>Europe/Berlin</option>' in page
    assert page.count(" selected>Europe/") == 1


@pytest.mark.parametrize("value", ["Europe/Berlin", "UTC", "Nowhere", None])
def test_a_choice_among_hundreds_is_that_of_unfold(value: str | None) -> None:
    attrs = {"id": "id_zone", "required": True}
    fields = LongSelect(choices=ZONES), UnfoldAdminSelectWidget(choices=ZONES)
    ours, unfolds = ("".join(each.render("zone", value, attrs).split()) for each in fields)
    assert ours == unfolds


def test_what_is_chosen_cannot_break_out_of_its_option() -> None:
    choices = [("<", "<b>"), ('"', "quote"), ("&", "and")]
    for value, _label in choices:
        ours = LongSelect(choices=choices).render("name", value)
        unfolds = UnfoldAdminSelectWidget(choices=choices).render("name", value)
        assert "".join(ours.split()) == "".join(unfolds.split())


def test_no_page_looks_up_what_only_pages_of_apps_show(root: Client) -> None:
    with mock.patch.object(AdminSite, "_build_app_dict", return_value={}) as built:
        assert root.get(reverse(STATIONS)).status_code == 200
        assert root.get(reverse("admin:index")).status_code == 200
    assert not built.called


def test_the_page_of_an_app_shows_its_models(root: Client) -> None:
    page = root.get(reverse("admin:app_list", args=["stations"]))
    assert reverse(STATIONS) in str(page.context["app_list"][0]["models"])
    nobody, client = User.objects.create_user("nobody", is_staff=True), Client()
    client.force_login(nobody)
    assert client.get(reverse("admin:app_list", args=["stations"])).status_code == 404


def test_the_sidebar_shows_where_one_is(station: ChargingStation, root: Client) -> None:
    page = reverse("admin:stations_chargingstation_change", args=[station.pk])
    for address, name in ((page, "Stations"), (reverse("admin:index"), "Home")):
        items = [
            item
            for group in root.get(address).context["sidebar_navigation"]
            for item in group["items"]
        ]
        assert [str(item["title"]) for item in items if item["active"]] == [name]


def test_templates_find_what_they_ask_an_admin_page_for(
    full: None, root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not there is looked for by ``dir``, in each row: that took longer than the rows."""
    missing: set[str] = set()
    look_up = Variable._resolve_lookup  # type: ignore[attr-defined]

    def noted(self: Any, context: Any) -> Any:
        try:
            return look_up(self, context)
        except VariableDoesNotExist as error:
            if isinstance(error.params[1], admin.ModelAdmin):
                missing.add(self.var)
            raise

    monkeypatch.setattr(Variable, "_resolve_lookup", noted)
    station = ChargingStation.objects.earliest("pk")
    page = reverse("admin:stations_chargingstation_change", args=[station.pk])
    assert {root.get(address).status_code for address in (*lists(), page)} == {200}
    assert missing == set()
