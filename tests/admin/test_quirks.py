"""The admin's pages of what models need: added, switched off, counted, and shown at the station."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stations.models import ChargingStation, Quirk, QuirkTally
from stations.services import quirks, tallies
from stations.services.tallies import Tolerated

LIST, ADD = "admin:stations_quirk_changelist", "admin:stations_quirk_add"
FORM = {"name": "rate_unit", "value": "W", "vendor": "Odd*", "model": "", "firmware": ""}


@pytest.fixture
def quirk(db):
    Quirk.objects.all().delete()
    return Quirk.objects.create(name="settle_seconds", value=15, vendor="Odd*", note="<seen>")


def shown(client, name, *args, **query):
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def save(client, address, **fields):
    return client.post(address, {**FORM, "enabled": "on", "note": "", **fields})


def page(row):
    return reverse("admin:stations_quirk_change", args=[row.pk])


def count(*kinds, station, quirk=None, times=1):
    found = [Tolerated(station.pk, kind, quirk.pk if quirk else 0, "<x>", times) for kind in kinds]
    tallies.add(tolerated=found, at=timezone.now())


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [
        ("rate_unit", "W", "W"),
        ("rate_unit", '"W"', "W"),
        ("settle_seconds", "15", 15),
        ("z_is_local", "true", True),
        ("naive_times", "Europe/Berlin", "Europe/Berlin"),
        ("profile_purposes", '["TxProfile"]', ["TxProfile"]),
    ],
)
def test_one_is_added_with_its_value_as_one_types_it(quirk, root, name, typed, stored):
    assert save(root, reverse(ADD), name=name, value=typed, vendor="New").status_code == 302
    made = Quirk.objects.get(vendor="New")
    assert (made.value, made.enabled, made.seeded) == (stored, True, False)


@pytest.mark.parametrize(("name", "typed"), [("rate_unit", "V"), ("settle_seconds", "soon")])
def test_a_value_that_does_not_fit_is_refused_at_its_field(quirk, root, name, typed):
    response = save(root, reverse(ADD), name=name, value=typed, vendor="Bad*")
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == ["value"]
    assert Quirk.objects.count() == 1


def test_a_second_one_for_the_same_models_is_refused(quirk, root):
    response = save(root, reverse(ADD), name="settle_seconds", value="1")
    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert Quirk.objects.count() == 1


def test_what_came_with_the_system_can_be_switched_off_and_keeps_what_it_is_about(quirk, root):
    Quirk.objects.update(seeded=True)
    body = {"value": "15", "note": "", "vendor": "Other", "name": "rate_unit"}
    assert root.post(page(quirk), body).status_code == 302
    quirk.refresh_from_db()
    assert (quirk.enabled, quirk.name, quirk.vendor) == (False, "settle_seconds", "Odd*")
    delete = reverse("admin:stations_quirk_delete", args=[quirk.pk])
    assert root.post(delete, {"post": "yes"}).status_code == 403


def test_an_own_one_can_be_deleted(quirk, root):
    delete = reverse("admin:stations_quirk_delete", args=[quirk.pk])
    assert root.post(delete, {"post": "yes"}).status_code == 302
    assert not Quirk.objects.exists()


def test_the_list_says_what_for_whom_how_often_and_whether(quirk, station, root):
    count("settle_seconds", station=station, quirk=quirk, times=1234)
    other = Quirk.objects.create(name="rate_unit", value="W", enabled=False)
    html = shown(root, LIST)
    for text in ("settle_seconds", "Odd*", "1,234", "every station", "On", "Off"):
        assert text in html
    assert f"{reverse('admin:stations_quirktally_changelist')}?quirk={quirk.pk}" in html
    assert quirks.enabled() == [quirk]
    assert other not in quirks.enabled()


def test_the_list_begins_with_what_is_tolerated_of_every_model(quirk, station, root):
    count("naive_time", "unknown_word", station=station, times=7)
    html = shown(root, LIST)
    assert "a time without a zone <small>7</small>" in html
    assert "?kind=unknown_word" in html


def test_tallies_are_found_by_quirk_kind_and_station(quirk, station, offline, root):
    count("settle_seconds", station=station, quirk=quirk)
    count("naive_time", station=station)
    count("naive_time", station=offline)
    tally = "admin:stations_quirktally_changelist"

    def rows(**query):
        response = root.get(reverse(tally), query)
        assert response.status_code == 200
        return sorted(str(row) for row in response.context["cl"].result_list)

    assert rows(quirk=quirk.pk) == ["settle_seconds of CP-0001"]
    assert rows(kind="naive_time") == ["naive_time of CP-0001", "naive_time of CP-OFF"]
    assert rows(q="cp-off") == ["naive_time of CP-OFF"]


def test_the_page_of_a_station_says_what_is_known_of_its_model(quirk, station, root):
    quirk.vendor = "Vend*"
    quirk.save()
    html = shown(root, "admin:stations_chargingstation_details_tab", station.pk)
    assert "Known of its model" in html
    assert "settle_seconds" in html
    assert "&lt;seen&gt;" in html


def test_the_page_of_a_station_says_what_is_tolerated_of_it(quirk, station, root, client_with):
    count("unknown_word", station=station, times=3)
    html = shown(root, "admin:stations_chargingstation_details_tab", station.pk)
    assert "a word the specification does not list" in html
    assert "&lt;x&gt;" in html
    other = client_with("stations.view_chargingstation")
    html = shown(other, "admin:stations_chargingstation_details_tab", station.pk)
    assert "a word the specification does not list" not in html


def test_who_may_not_see_tallies_does_not_see_them_on_the_list(quirk, station, client_with):
    count("naive_time", station=station)
    assert "a time without a zone" not in shown(client_with("stations.view_quirk"), LIST)


def test_the_lists_take_few_queries(quirk, station, root):
    for number in range(60):
        other = ChargingStation.objects.create(cp_id=f"CP-X{number}")
        made = Quirk.objects.create(name="rate_unit", value="W", vendor=f"V{number}")
        count("rate_unit", station=other, quirk=made)
    assert QuirkTally.objects.count() == 60
    for name in (LIST, "admin:stations_quirktally_changelist"):
        with CaptureQueriesContext(connection) as queries:
            shown(root, name)
        assert len(queries) <= 12, "\n".join(query["sql"] for query in queries)
