"""Sites: their list, their page with its stations, and what their form refuses."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from stations.models import Site

FORM = {"name": "Harbour", "time_zone": "Europe/Berlin"}
WEEK = {"opening_hours-how": "week"}
ADD = "admin:stations_site_add"
LIST = "admin:stations_site_changelist"


def page_of(client, site):
    return client.get(reverse("admin:stations_site_change", args=[site.pk])).content.decode()


def saved(client, **fields):
    """The site that was made; fields of hours by their end (``day1``, ``0-date``)."""
    hours = {f"opening_hours-{name}": text for name, text in fields.pop("hours", {}).items()}
    answer = client.post(reverse(ADD), {**FORM, **fields, **hours})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return Site.objects.get(name="Harbour")


def refused(client, **fields):
    """The errors of the form, by field."""
    hours = {f"opening_hours-{name}": text for name, text in fields.pop("hours", {}).items()}
    answer = client.post(reverse(ADD), {**FORM, **fields, **hours})
    assert answer.status_code == 200
    assert not Site.objects.filter(name="Harbour").exists()
    return dict(answer.context["adminform"].form.errors)


def test_opening_hours_are_typed_as_people_say_them(root):
    hours = {"how": "week", "day1": "8-12, 13:00 – 18:30", "day6": "9:00-24"}
    hours |= {"0-date": "2026-12-24", "0-kind": "closed", "1-date": "2026-12-27"}
    hours |= {"1-kind": "open", "1-begins": "10", "1-ends": "16:30"}
    assert saved(root, hours=hours).opening_hours == {
        "always": False,
        "week": {"1": [["08:00", "12:00"], ["13:00", "18:30"]], "6": [["09:00", "24:00"]]},
        "exceptions": [
            {"date": "2026-12-24", "opens": False, "begins": "00:00", "ends": "24:00"},
            {"date": "2026-12-27", "opens": True, "begins": "10:00", "ends": "16:30"},
        ],
    }


def test_what_is_stored_is_shown_as_it_is_typed_and_saved_again_unchanged(root):
    hours = {"how": "week", "day1": "08:00-12:00, 13:00-18:00", "0-date": "2026-12-24"}
    site = saved(root, hours=hours)
    shown = page_of(root, site)
    assert 'value="08:00-12:00, 13:00-18:00"' in shown
    assert 'name="opening_hours-0-date" value="2026-12-24"' in shown
    before = site.opening_hours
    hours = {f"opening_hours-{name}": text for name, text in hours.items()}
    root.post(reverse("admin:stations_site_change", args=[site.pk]), {**FORM, **hours})
    site.refresh_from_db()
    assert site.opening_hours == before


def test_always_open_is_open(root):
    site = saved(root, hours={"how": "always", "day1": "nonsense that is hidden"})
    assert site.opening_hours == {"always": True, "week": {}, "exceptions": []}
    assert "Always open" in page_of(root, site)
    assert "Open</span>" in root.get(reverse(LIST)).content.decode()


def test_nobody_has_to_say_anything(root):
    assert saved(root, hours={"how": ""}).opening_hours is None


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"day1": "8-12, 11-14"}, "Monday: 08:00-12:00 and 11:00-14:00 overlap"),
        ({"day7": "22-6"}, "Sunday: 22:00-06:00 ends before it begins"),
        ({"day3": "morning"}, "Wednesday: a time from and a time until"),
        ({"day3": "8-noon"}, "Wednesday: “noon:00” is no time"),
        ({"0-date": "2026-12-24", "1-date": "24.12."}, "Exception 2: “24.12.” is no date"),
        ({"0-date": "2026-12-24", "1-date": "2026-12-24"}, "Exception 2: overlaps"),
        ({"0-begins": "08:00"}, "Exception 1: “” is no date"),
    ],
)
def test_wrong_hours_are_named_and_nothing_is_written(root, typed, problem):
    [error] = refused(root, hours={"how": "week", **typed})["opening_hours"]
    assert error.startswith(problem)


def test_what_was_typed_wrong_stays_to_be_put_right(root):
    data = {**FORM, **WEEK, "opening_hours-day1": "8-12, 11-14"}
    assert 'value="8-12, 11-14"' in root.post(reverse(ADD), data).content.decode()


def test_a_place_needs_both_numbers_and_names_the_one_that_lacks(root):
    assert list(refused(root, latitude="53.5")) == ["longitude"]
    assert list(refused(root, longitude="9.9")) == ["latitude"]


@pytest.mark.parametrize("wrong", ["91", "-90.5", "north", "53.12345678"])
def test_a_latitude_that_is_none_is_named(root, wrong):
    assert list(refused(root, latitude=wrong, longitude="9.9")) == ["latitude"]


def test_a_place_is_shown_on_the_map_of_its_page(root):
    site = saved(root, latitude="53.5438", longitude="9.9956")
    assert 'data-latitude="53.543800" data-longitude="9.995600"' in page_of(root, site)


def test_the_list_says_how_stations_stand(station, root):
    Site.objects.create(name="Empty")
    shown = root.get(reverse(LIST)).content.decode()
    assert re.search(r"vd-blue[^>]*>1 Charging<", shown)


def test_the_page_of_a_site_has_its_stations_and_leads_to_its_sessions(station, session, root):
    shown = page_of(root, station.site)
    assert "CP-0001" in shown
    assert f"station:{station.pk} " in shown
    [link] = re.findall(r'href="([^"]+station__site[^"]+)">Sessions<', shown)
    rows = root.get(link).context["cl"].result_list
    assert [row.pk for row in rows] == [session.pk]
    Site.objects.create(name="Elsewhere")
    other = link.replace(f"={station.site.pk}", f"={Site.objects.get(name='Elsewhere').pk}")
    assert list(root.get(other).context["cl"].result_list) == []


def test_the_part_that_renews_itself_is_an_ordinary_view(station, client_with):
    live = reverse("admin:stations_site_live", args=[station.site.pk])
    assert client_with().get(live).status_code == 403
    looking = client_with("stations.view_site")
    assert "CP-0001" not in looking.get(live).content.decode()
    both = client_with("stations.view_site", "stations.view_chargingstation")
    assert "CP-0001" in both.get(live).content.decode()
