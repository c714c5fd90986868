"""Tariffs and costs over REST."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from cms.shared import money
from tests.api.conftest import charge
from tests.billing import charging

BODY: dict[str, Any] = {"name": "Day", "terms": charging.ENERGY, "note": "For guests"}


def made(api: APIClient, **more: Any) -> int:
    """A tariff made over REST; its id."""
    response = api.post("/api/tariffs", {**BODY, **more}, format="json")
    assert response.status_code == 201, response.json()
    return int(response.json()["id"])


def test_a_tariff_is_made_with_its_first_version(api: APIClient, db):
    shown = api.get(f"/api/tariffs/{made(api)}").json()
    assert (shown["name"], shown["currency"], shown["note"]) == ("Day", "EUR", "For guests")
    assert shown["version"]["number"] == 1
    assert shown["version"]["terms"]["components"][0]["price"] == "0.30"
    assert api.get("/api/tariffs").json() == [shown]


def test_a_name_that_is_taken_is_a_409(api: APIClient, db):
    made(api)
    response = api.post("/api/tariffs", BODY, format="json")
    assert response.status_code == 409
    assert list(response.json()["fields"]) == ["name"]


def test_wrong_terms_are_told_by_field(api: APIClient, db):
    terms = {**charging.ENERGY, "components": [{"kind": "energy", "price": "-1"}]}
    response = api.post("/api/tariffs", {**BODY, "terms": terms}, format="json")
    assert response.status_code == 400
    assert "components.0.price" in response.json()["fields"]


def test_new_terms_are_a_new_version(api: APIClient, db):
    tariff = made(api)
    terms = {**charging.ENERGY, "tax_rate": "7"}
    path = f"/api/tariffs/{tariff}/versions"
    assert api.post(path, {"terms": terms}, format="json").status_code == 201
    assert [row["number"] for row in api.get(path).json()] == [2, 1]
    assert api.get(f"/api/tariffs/{tariff}").json()["version"]["terms"]["tax_rate"] == "7"


def test_a_tariff_is_assigned_and_taken_away(api: APIClient, station):
    tariff = made(api)
    path = f"/api/tariffs/{tariff}/assignments"
    body = {"level": "station", "targetId": station.pk}
    assigned = api.post(path, body, format="json")
    assert assigned.status_code == 201
    assert api.get(path).json() == [assigned.json()]
    assert assigned.json()["targetId"] == station.pk
    assert api.delete(f"{path}/{assigned.json()['id']}").status_code == 204
    assert api.get(path).json() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"level": "planet"}, "level"),
        ({"level": "station", "targetId": 999999}, "targetId"),
        ({"level": "user"}, "targetId"),
    ],
)
def test_a_wrong_target_is_told_by_field(api: APIClient, db, body, field):
    response = api.post(f"/api/tariffs/{made(api)}/assignments", body, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]


def test_the_cost_of_a_session_is_shown_while_it_charges(api: APIClient, online):
    charging.everywhere()
    session = charge(online, readings=2, ends=False)
    cost = api.get(f"/api/sessions/{session}/cost").json()
    assert cost["isFinal"] is False
    assert cost["currency"] == "EUR"
    assert Decimal(cost["gross"]) == Decimal(cost["net"]) + Decimal(cost["tax"])
    assert Decimal(cost["net"]) == money.rounded(Decimal(cost["energyWh"]) * 3 / 10000, "EUR")
    assert [line["kind"] for line in cost["lines"]] == ["energy"]
    assert cost["lines"][0]["why"] == "Energy delivered."


def test_a_session_without_a_tariff_has_no_cost(api: APIClient, online):
    assert api.get(f"/api/sessions/{charge(online, readings=1)}/cost").status_code == 404


def test_who_may_only_read_makes_no_tariff(reader: APIClient, db):
    assert reader.post("/api/tariffs", BODY, format="json").status_code == 403
