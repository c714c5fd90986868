"""A driver's charging history: their own sessions only, sorted, narrowed, with what they cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import SessionBill
from billing.services import bills
from cms.accounts.models import User
from rfid.models import RfidCard
from stations.models import ChargingSession, ChargingStation, Connector, Site
from tests.billing import charging
from tests.billing.test_wallet_api import caller, person
from tests.stations import given

pytestmark = pytest.mark.django_db
PATH = "/api/charging-history"


@pytest.fixture
def ann() -> User:
    """She charged 10, 30 and 20 kWh on three days: twice at the harbour, once at the mill."""
    charging.everywhere()
    harbour = charging.a_site("Harbour", address="Pier 1", postal_code="20457", city="Hamburg")
    mill = charging.a_site("Mill", address="Brook Lane 7")
    ann = charging.a_driver()
    for day, (site, wh) in enumerate([(harbour, 10_000), (mill, 30_000), (harbour, 20_000)]):
        charged(f"CP-{site.name}", site, day, wh)
    Connector.objects.filter(station__cp_id="CP-Mill").update(connector_type="CCS2")
    charging.bill_all(at=given.after(10 * 24 * 60))
    return ann


def charged(cp_id: str, site: Site, day: int, wh: int, tag: str = "CARD-1") -> int:
    """A session at noon of a day."""
    station = ChargingStation.objects.filter(cp_id=cp_id).first()
    station = station or charging.a_station(cp_id, site)
    return charging.charged(station, minute=day * 24 * 60, wh=wh, tag=tag)


def get(user: User, **query: Any) -> list[dict[str, Any]]:
    """The answer, which is one page."""
    answer = person(user).get(PATH, query)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()
    return found


def kwh(user: User, **query: Any) -> list[float]:
    """By which the three sessions are told apart."""
    return [row["energyKwh"] for row in get(user, **query)]


def test_a_driver_sees_their_sessions_newest_first_with_what_they_cost(ann):
    assert kwh(ann) == [20, 30, 10]
    oldest = get(ann)[-1]
    bill = SessionBill.objects.get(energy_wh=10_000)
    assert oldest == {
        "sessionId": bill.session_id,
        "state": "Billed",
        "startedAt": "2025-03-01T12:00:00Z",
        "stoppedAt": "2025-03-01T13:00:00Z",
        "siteId": bill.site_id,
        "siteName": "Harbour",
        "siteAddress": "Pier 1, 20457 Hamburg",
        "stationIdentifier": "CP-Harbour",
        "connectorId": 1,
        "connectorType": "",
        "energyKwh": 10,
        "cost": "3.57",
        "currency": "EUR",
        "isFinal": True,
        "billId": bill.pk,
    }


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("start", [10, 30, 20]),
        ("-start", [20, 30, 10]),
        ("energy", [10, 20, 30]),
        ("-energy", [30, 20, 10]),
        ("cost", [10, 20, 30]),
        ("-cost", [30, 20, 10]),
        ("site", [10, 20, 30]),
        ("-site", [30, 20, 10]),
    ],
)
def test_it_is_sorted_and_pages_go_on_where_the_last_one_ended(ann, sort, expected):
    assert kwh(ann, sort=sort) == expected
    found, address = [], f"{PATH}?sort={sort}&limit=1"
    while address:
        answer = person(ann).get(address)
        found += [row["energyKwh"] for row in answer.json()]
        address = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
    assert found == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"siteAddress": "pier"}, [20, 10]),
        ({"siteAddress": "HAMBURG"}, [20, 10]),
        ({"siteAddress": "mill"}, [30]),
        ({"siteAddress": "nowhere"}, []),
        ({"startedAfter": "2025-03-02T12:00:00Z"}, [20, 30]),
        ({"startedBefore": "2025-03-02T12:00:00Z"}, [10]),
        ({"connectorType": "ccs2"}, [30]),
        ({"energyFrom": "10", "energyTo": "20"}, [20, 10]),
        ({"energyFrom": "10.0001"}, [20, 30]),
        ({"costFrom": "3.58", "costTo": "7.14"}, [20]),
        ({"state": "Billed"}, [20, 30, 10]),
        ({"state": "Review"}, []),
    ],
)
def test_it_is_narrowed(ann, wanted, expected):
    assert kwh(ann, **wanted) == expected


def test_it_is_narrowed_to_a_site(ann):
    assert kwh(ann, siteId=Site.objects.get(name="Mill").pk) == [30]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sort": "money"}, "sort"),
        ({"sort": "--start"}, "sort"),
        ({"siteId": "x"}, "siteId"),
        ({"siteId": "9" * 30}, "siteId"),
        ({"energyFrom": "NaN"}, "energyFrom"),
        ({"costTo": "1e300"}, "costTo"),
        ({"state": "Paid"}, "state"),
        ({"startedAfter": "soon"}, "startedAfter"),
        ({"cursor": "W251bGwsMV0"}, "cursor"),
        ({"sort": "cost", "cursor": "WyJJbmZpbml0eSIsMV0"}, "cursor"),
        ({"startAfter": "2025-03-02T12:00:00Z"}, "startAfter"),
    ],
)
def test_what_makes_no_sense_names_the_parameter(ann, wrong, field):
    answer = person(ann).get(PATH, wrong)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_another_driver_sees_nothing_of_it(ann):
    bob = charging.a_driver("bob", "CARD-2")
    assert get(bob) == []
    assert person(bob).get(PATH, {"customerId": "ann"}).status_code == 403
    assert person(bob).get(PATH, {"customerId": ann.pk}).status_code == 403


def test_who_gets_the_card_later_does_not_see_what_it_charged_before(ann):
    bob = charging.a_driver("bob", "CARD-2")
    RfidCard.objects.filter(id_tag="CARD-1").update(user=bob)
    assert get(bob) == []
    assert kwh(ann) == [20, 30, 10]


def test_staff_and_programs_see_those_they_name(ann):
    boss = User.objects.create_superuser("boss")
    assert kwh(boss, customerId="ann") == [20, 30, 10]
    assert get(boss) == []
    reader = caller(User.objects.create(username="app"), "read")
    assert len(reader.get(PATH, {"customerId": "ann"}).json()) == 3
    nobody = caller(User.objects.create(username="other"), "money")
    assert nobody.get(PATH, {"customerId": "ann"}).status_code == 403
    assert person(boss).get(PATH, {"customerId": "nobody"}).status_code == 404


def test_without_a_login_there_is_nothing(client):
    assert client.get(PATH).status_code == 401


def test_a_new_price_shows_the_bill_that_stands(ann):
    bill = SessionBill.objects.get(energy_wh=10_000)
    tariff = bill.version.tariff
    again = charging.new_version(tariff, "0.40", at=given.after(20 * 24 * 60))
    made = bills.reprice(
        session_id=bill.session_id,
        reason="Wrong tariff",
        version=again,
        at=given.after(20 * 24 * 60),
    )
    [row] = get(ann, energyTo=10)
    assert (row["cost"], row["billId"]) == ("4.76", made.pk)
    assert kwh(ann) == [20, 30, 10]


def test_a_session_under_way_costs_what_it_costs_by_now(ann):
    station = ChargingStation.objects.get(cp_id="CP-Mill")
    began = given.begin(station, minute=20 * 24 * 60)
    ChargingSession.objects.filter(pk=began.transaction_id).update(
        energy_wh=2000, started_at=timezone.now() - timedelta(minutes=5)
    )
    row = get(ann)[0]
    assert row["state"] == "Charging"
    assert (row["cost"], row["currency"], row["isFinal"]) == ("0.71", "EUR", False)
    assert row["billId"] is None
    assert get(ann, state="Charging") == [row]


def test_what_is_not_billed_says_how_far_it_is(ann):
    station = ChargingStation.objects.get(cp_id="CP-Mill")
    due, review, discarded = (
        charging.charged(station, minute=minute, wh=1) for minute in (50000, 60000, 70000)
    )
    ChargingSession.objects.filter(pk=review).update(needs_review=True)
    ChargingSession.objects.filter(pk=discarded).update(billable=False)
    states = {row["sessionId"]: (row["state"], row["cost"]) for row in get(ann)}
    assert [states[number] for number in (due, review, discarded)] == [
        ("Due", None),
        ("Review", None),
        ("NotBilled", None),
    ]


def test_a_page_takes_the_same_number_of_queries_however_many_are_on_it(ann):
    station = ChargingStation.objects.get(cp_id="CP-Mill")
    given.begin(station, minute=50000)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            get(ann)
        return len(found)

    few = queries()
    other = charging.a_station("CP-9", Site.objects.get(name="Harbour"))
    for day in range(20, 40):
        charging.charged(other, minute=day * 24 * 60)
    given.begin(other, minute=60 * 24 * 60)
    assert queries() == few <= 9
