"""What was charged: a driver's own sessions, and those of others for who may see them."""

from __future__ import annotations

from typing import Any

import pytest

from cms.accounts.models import User
from stations.models import ChargingSession, Connector
from tests.billing import charging
from tests.graphql.asked import (
    administrator,
    answer,
    app_of,
    data,
    operator,
    program,
    refusal,
    stranger,
)
from tests.graphql.documents import CHARGING_HISTORIES, USER_CHARGING_HISTORY

pytestmark = pytest.mark.django_db
IDS = "query q($filter: ChargingHistoryFilter!) { chargingHistories(filter: $filter) { id } }"
DEEP: Any = {"and": [{"and": [{"and": [{"and": [{"and": [{"and": [{"and": []}]}]}]}]}]}]}
DESCENDING = [{"field": "id", "direction": "DESC"}]


@pytest.fixture
def ann() -> User:
    """She charged 10, 30 and 20 kWh at 0.30 + 19 % on three days; somebody else did, too."""
    charging.everywhere()
    ann = charging.a_driver()
    charging.a_driver("ben", "CARD-2")
    for name, user_tag in (("Harbour", "CARD-1"), ("Mill", "CARD-2")):
        station = charging.a_station(
            f"CP-{name}",
            charging.a_site(name, address=f"{name} 1", postal_code="20457", city="Hamburg"),
        )
        for day, wh in enumerate([10_000, 30_000, 20_000] if user_tag == "CARD-1" else [5_000]):
            charging.charged(station, minute=day * 24 * 60, wh=wh, tag=user_tag)
        Connector.objects.filter(station=station).update(connector_type="Type 2")
    charging.bill_all(at=charging.after(10 * 24 * 60))
    return ann


def mine(user: User) -> dict[str, object]:
    return {"userId": {"eq": str(user.pk)}}


def sessions_of(tag: str) -> list[int]:
    rows = ChargingSession.objects.filter(id_tag=tag).order_by("-pk")
    return list(rows.values_list("pk", flat=True))


def test_the_document_of_the_readme_gives_kwh_and_what_was_billed(ann):
    rows = data(app_of(ann), CHARGING_HISTORIES, filter=mine(ann), sorting=DESCENDING)
    assert [row["powerSpend"] for row in rows] == [20, 30, 10]
    assert rows[0] == {
        "siteAddress": "Harbour 1, 20457 Hamburg",
        "session_start": "2025-03-03T12:00:00+00:00",
        "connectorType": "Type 2",
        "powerSpend": 20.0,
        "moneySpent": 7.14,
    }


def test_own_sessions_come_page_by_page_newest_first_and_are_counted(ann):
    page = {"paging": {"limit": 2, "offset": 0}}
    said = data(app_of(ann), USER_CHARGING_HISTORY, input=page)
    newest, middle, oldest = sessions_of("CARD-1")
    assert said["count"] == 3
    assert [row["id"] for row in said["data"]] == [newest, middle]
    assert said["data"][0] == {
        "id": newest,
        "transactionId": newest,
        "chargePointHardwareId": "CP-Harbour",
        "connectorId": 1,
        "userId": ann.pk,
        "meterStart": 1000.0,
        "meterStop": 21000.0,
        "session_start": "2025-03-03T12:00:00+00:00",
        "session_end": "2025-03-03T13:00:00+00:00",
    }
    rest = data(app_of(ann), USER_CHARGING_HISTORY, input={"paging": {"limit": 2, "offset": 2}})
    assert [row["id"] for row in rest["data"]] == [oldest]


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({"meterStop": {"gt": 20_000}}, [0, 1]),
        ({"meterStop": {"between": {"lower": 11_000, "upper": 21_000}}}, [0, 2]),
        ({"session_start": {"lt": "2025-03-02T00:00:00Z"}}, [2]),
        ({"session_start": {"gte": "2025-03-03T12:00:00"}}, [0]),
        ({"or": [{"meterStop": {"eq": 11_000}}, {"meterStop": {"eq": 31_000}}]}, [1, 2]),
        ({"and": [{"meterStop": {"gt": 11_000}}, {"meterStop": {"lt": 31_000}}]}, [0]),
        ({"meterStop": {"neq": 11_000}, "chargePointHardwareId": {"eq": "CP-Harbour"}}, [0, 1]),
        ({"chargePointHardwareId": {"notIn": ["CP-Harbour"]}}, []),
        ({"meterStop": {"is": None}}, []),
        ({"meterStop": {"isNot": None}}, [0, 1, 2]),
    ],
)
def test_it_is_narrowed_with_the_operators_of_nestjs_query(ann, wanted, places):
    rows = data(app_of(ann), IDS, filter=wanted)
    known = sessions_of("CARD-1")
    assert [row["id"] for row in rows] == [known[place] for place in places]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"meterStop": {"is": True}}, "filter.meterStop.is"),
        ({"and": [{"userId": {"eq": "1"}}]}, "filter.userId"),
        ({"and": [{"or": [{"userId": {"eq": "1"}}]}]}, "filter.userId"),
        (DEEP, "filter"),
        ({"id": {"in": [1.0] * 101}}, "filter.id.in"),
        ({"id": {"eq": 1e300}}, "filter.id.eq"),
        ({"userId": {"eq": "nobody"}}, "filter.userId"),
        ({"session_start": {"lt": "0001-01-01T00:00:00+14:00"}}, "filter.session_start.lt"),
    ],
)
def test_a_filter_that_makes_no_sense_names_its_field(ann, wanted, field):
    code, fields = refusal(administrator(), IDS, filter=wanted)
    assert code in ("BAD_USER_INPUT", "NOT_FOUND")
    assert list(fields) == [field]


@pytest.mark.parametrize("paging", [{"limit": 0}, {"offset": -1}, {"offset": 10**6}])
def test_a_page_that_cannot_be_names_what_is_wrong(ann, paging):
    code, fields = refusal(app_of(ann), USER_CHARGING_HISTORY, input={"paging": paging})
    assert code == "BAD_USER_INPUT"
    assert list(fields) == [f"paging.{next(iter(paging))}"]


def test_it_is_sorted_by_what_it_cost(ann):
    cheapest = [{"field": "moneySpent", "direction": "ASC"}]
    rows = data(app_of(ann), CHARGING_HISTORIES, filter=mine(ann), sorting=cheapest)
    assert [row["moneySpent"] for row in rows] == [3.57, 7.14, 10.71]


def test_a_stranger_sees_nothing(ann):
    for query, variables in (
        (CHARGING_HISTORIES, {"filter": mine(ann)}),
        (USER_CHARGING_HISTORY, {"input": {}}),
    ):
        said = answer(stranger(), query, **variables)
        assert said["data"] is None
        assert said["errors"][0]["message"] == "Unauthorized"
        assert said["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_driver_sees_nothing_of_somebody_else(ann):
    ben = User.objects.get(username="ben")
    assert refusal(app_of(ben), IDS, filter=mine(ann))[0] == "FORBIDDEN"
    assert data(app_of(ben), IDS, filter={}) == [{"id": sessions_of("CARD-2")[0]}]


def test_staff_and_programs_see_the_sessions_of_others_with_the_permission_or_scope(ann):
    assert len(data(administrator(), IDS, filter=mine(ann))) == 3
    assert len(data(operator("view_sessionbill"), IDS, filter=mine(ann))) == 3
    assert len(data(program("read"), IDS, filter=mine(ann))) == 3
    assert refusal(operator("view_site", name="other"), IDS, filter=mine(ann))[0] == "FORBIDDEN"
    assert refusal(program("control"), IDS, filter=mine(ann))[0] == "FORBIDDEN"


def test_an_operator_of_a_site_sees_what_was_charged_there(ann):
    harbour, mill = (charging.Site.objects.get(name=name) for name in ("Harbour", "Mill"))
    there = operator("view_sessionbill", name="harbour", site=harbour)
    elsewhere = operator("view_sessionbill", name="mill", site=mill)
    assert len(data(there, IDS, filter=mine(ann))) == 3
    assert data(elsewhere, IDS, filter=mine(ann)) == []


def test_queries_do_not_grow_with_the_rows(ann, django_assert_num_queries):
    client = app_of(ann)
    with django_assert_num_queries(4):  # who, the page, bills, sites
        data(client, CHARGING_HISTORIES, filter=mine(ann), sorting=DESCENDING)
    with django_assert_num_queries(5):  # and how many
        data(client, USER_CHARGING_HISTORY, input={})
