"""What is known of models, and how often it was needed, over REST."""

from __future__ import annotations

import pytest

from stations.models import Quirk
from stations.services import stations, tallies
from stations.services.tallies import Tolerated
from tests.api.conftest import NOW


@pytest.fixture
def quirk(station):
    Quirk.objects.all().delete()
    quirk = Quirk.objects.create(name="rate_unit", value="W", vendor="Acme*", note="Seen")
    other = stations.create(cp_id="CP_002", vendor="Acme")
    found = [
        Tolerated(station.pk, "rate_unit", quirk.pk, "", 3),
        Tolerated(other.pk, "rate_unit", quirk.pk, "", 2),
        Tolerated(station.pk, "naive_time", 0, "2025-03-01T12:00:00", 40),
    ]
    tallies.add(tolerated=found, at=NOW)
    return quirk


def test_a_quirk_says_what_for_whom_and_how_often(quirk, reader):
    [found] = reader.get("/api/quirks").json()
    assert found == reader.get(f"/api/quirks/{quirk.pk}").json()
    assert (found["name"], found["value"], found["vendor"]) == ("rate_unit", "W", "Acme*")
    assert (found["enabled"], found["seeded"], found["note"]) == (True, False, "Seen")
    assert (found["times"], found["stations"]) == (5, 2)
    assert found["lastSeenAt"] == "2026-03-01T12:00:00Z"
    assert found["about"]


@pytest.mark.parametrize("value", [15, 1.5, True, ["TxProfile"], "site"])
def test_its_value_is_what_it_is(quirk, reader, value):
    Quirk.objects.update(value=value)
    assert reader.get(f"/api/quirks/{quirk.pk}").json()["value"] == value


def test_one_that_was_never_needed_says_so(quirk, reader):
    made = Quirk.objects.create(name="z_is_local", value=True, enabled=False)
    found = reader.get(f"/api/quirks/{made.pk}").json()
    assert (found["times"], found["stations"], found["lastSeenAt"]) == (0, 0, None)
    names = [row["name"] for row in reader.get("/api/quirks?enabled=false").json()]
    assert names == ["z_is_local"]


def test_a_quirk_nobody_knows_is_not_found(quirk, reader):
    assert reader.get("/api/quirks/999999").status_code == 404


def test_tallies_say_what_was_tolerated_of_whom(quirk, reader):
    [found] = reader.get("/api/quirk-tallies?kind=naive_time").json()
    assert found["stationIdentifier"] == "CP_001"
    assert (found["vendor"], found["model"]) == ("Acme", "One")
    assert (found["times"], found["quirkId"]) == (40, None)
    assert found["detail"] == "2025-03-01T12:00:00"
    assert found["about"] == "a time without a zone"


@pytest.mark.parametrize(
    ("query", "number"),
    [("", 3), ("station=CP_001", 2), ("kind=rate_unit", 2), ("seenAfter=2026-03-02", 400)],
)
def test_tallies_are_filtered(quirk, reader, query, number):
    answer = reader.get(f"/api/quirk-tallies?{query}")
    found = answer.status_code if answer.status_code != 200 else len(answer.json())
    assert found == number


def test_tallies_of_one_quirk(quirk, reader):
    found = reader.get(f"/api/quirk-tallies?quirkId={quirk.pk}").json()
    assert [row["times"] for row in found] == [2, 3]


@pytest.mark.parametrize("path", ["quirks", "quirk-tallies"])
def test_they_are_only_read(quirk, api, path):
    assert api.post(f"/api/{path}", {}, format="json").status_code == 405


@pytest.mark.parametrize(
    ("path", "queries"), [("quirks", 2), ("quirk-tallies", 2), ("quirk-tallies?station=CP_001", 3)]
)
def test_reading_takes_few_queries(quirk, api, django_assert_num_queries, path, queries):
    api.get("/api/rfid")  # the first use of a key is noted
    with django_assert_num_queries(queries):
        assert api.get(f"/api/{path}").status_code == 200
