"""Long lists: bounded, linked, and complete whatever happens in between."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import orjson
import pytest
from rest_framework.test import APIClient

from rfid.services import cards
from stations.models import MeterValue
from tests.api.conftest import NOW, charge


def follow(api: APIClient, path: str) -> list[list[dict]]:
    """All pages from ``path`` on."""
    pages = []
    while path:
        response = api.get(path)
        assert response.status_code == 200, response.json()
        pages.append(response.json())
        link = re.fullmatch(r'<http://testserver(.+)>; rel="next"', response.get("Link", ""))
        path = link[1] if link else ""
    return pages


@pytest.fixture
def seven_cards(db: None) -> None:
    for number in range(7):
        cards.create(id_tag=f"TAG_{number}")


@pytest.mark.usefixtures("seven_cards")
def test_a_list_is_a_bare_array_with_a_link_to_the_next(api: APIClient):
    pages = follow(api, "/api/rfid?limit=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [card["tagId"] for page in pages for card in page] == [f"TAG_{n}" for n in range(7)]


@pytest.mark.usefixtures("seven_cards")
def test_a_list_that_fits_has_no_link(api: APIClient):
    response = api.get("/api/rfid?limit=7")
    assert len(response.json()) == 7
    assert "Link" not in response


@pytest.mark.usefixtures("seven_cards")
def test_the_link_keeps_the_filters(api: APIClient):
    response = api.get("/api/rfid?status=Active&limit=2")
    assert "status=Active" in response["Link"]
    assert "limit=2" in response["Link"]


@pytest.mark.usefixtures("seven_cards")
def test_rows_added_meanwhile_move_nothing(api: APIClient):
    first = api.get("/api/rfid?limit=3")
    cards.delete(card=cards.find("TAG_0"))
    cards.create(id_tag="AAA")
    path = first["Link"].partition("<http://testserver")[2].partition(">")[0]
    assert [card["tagId"] for card in api.get(path).json()] == ["TAG_3", "TAG_4", "TAG_5"]


def test_the_default_is_a_hundred_and_the_most_a_thousand(api: APIClient, station):
    transaction_id = charge(station, readings=1005)
    path = f"/api/sessions/{transaction_id}/meter-values"
    assert len(api.get(path).json()) == 100
    assert len(api.get(f"{path}?limit=999999999999").json()) == 1000


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "1e3", "²"])
def test_a_bad_limit_is_a_400(api: APIClient, limit):
    response = api.get(f"/api/rfid?limit={limit}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["limit"]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        base64.urlsafe_b64encode(b'["x"]').decode(),
        base64.urlsafe_b64encode(b"[1, 2]").decode(),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(b"3").decode(),
        base64.urlsafe_b64encode(b"[[1]]").decode(),
        base64.urlsafe_b64encode(b"[null]").decode(),
        base64.urlsafe_b64encode(b'["\\u0000"]').decode(),
    ],
)
def test_a_cursor_we_did_not_give_out_is_a_400(api: APIClient, cursor):
    response = api.get("/api/rfid", {"cursor": cursor})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["cursor"]


@pytest.mark.parametrize(
    "values", [["x", 1], ["0001-01-01T00:00:00+14:00", 1], ["", 1], [1, 1], [[], 1]]
)
def test_a_cursor_with_a_strange_time_is_no_error_of_ours(api: APIClient, station, values):
    cursor = base64.urlsafe_b64encode(orjson.dumps(values)).decode()
    path = f"/api/sessions/{charge(station)}/meter-values"
    assert api.get(path, {"cursor": cursor}).status_code in (200, 400)


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**64 - 1])
def test_a_cursor_beyond_all_rows_is_no_error(api: APIClient, value):
    cursor = base64.urlsafe_b64encode(orjson.dumps([value])).decode()
    assert api.get("/api/rfid", {"cursor": cursor}).status_code == 200
    assert api.get("/api/sessions", {"cursor": cursor}).status_code == 200


def test_meter_values_come_in_the_order_of_their_measuring(api: APIClient, station):
    transaction_id = charge(station, readings=7)
    pages = follow(api, f"/api/sessions/{transaction_id}/meter-values?limit=3")
    assert [value["meterValue"] for page in pages for value in page] == list(range(1000, 1007))


def test_meter_values_of_one_moment_are_all_shown_once(api: APIClient, station):
    transaction_id = charge(station, readings=9)
    MeterValue.objects.update(sampled_at=NOW)  # a clock that stands still
    pages = follow(api, f"/api/sessions/{transaction_id}/meter-values?limit=2")
    assert sorted(value["meterValue"] for page in pages for value in page) == list(
        range(1000, 1009)
    )


def test_sessions_come_newest_first(api: APIClient, station):
    made = [charge(station, begins=NOW + timedelta(hours=2 * n)) for n in range(5)]
    pages = follow(api, "/api/sessions?limit=2")
    assert [session["id"] for page in pages for session in page] == made[::-1]
