"""How a session ends by the word of a gateway: once, by our own bill, and never silently."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from billing.models import SessionBill
from cms.accounts.models import Scope
from cms.api.docs import document
from cms.shared import clock
from stations.models import ChargingSession, ChargingStation, ReviewCase, Site
from tests.billing import charging
from tests.billing import given as money
from tests.gateways.conftest import a_gateway, connect, send
from tests.stations import given
from tests.stations.given import after

NOT_FOUND = {"success": False, "error": "Session not found"}
MEMBERS = {
    *("id", "sessionId", "deviceId", "connectorId", "transactionId", "customerId", "startTime"),
    *("amountDeducted", "meterStart", "meterEnd", "energyConsumed", "status", "endTime"),
    *("stopReason", "chargingPoint"),
}
# 0.30 a kWh and 19 % on it: ten of them cost 3.57
STOP = {
    "status": "stopped",
    "energyConsumed": 10,
    "finalAmount": 3.57,
    "refundAmount": 16.43,
    "meterStart": 1000,
    "meterEnd": 11000,
    "endTime": "2026-01-15T13:00:00Z",
    "stopReason": "Disconnected",
}


@pytest.fixture
def ann(db):
    """A driver with twenty in her wallet, of which ten are set aside for a session."""
    charging.everywhere()
    user = charging.a_driver("ann", "CARD-1")
    wallet = money.wallets.open(customer=user, currency="EUR", at=money.NOON)
    money.top_up(wallet, "20")
    return SimpleNamespace(user=user, wallet=wallet)


@pytest.fixture
def session(ann, settings):
    """Hers, under way since noon at a station that is not connected here."""
    settings.BILLING_PREPAID_HOLD = Decimal(10)
    station = charging.a_station("DEV1")
    return ChargingSession.objects.get(pk=given.begin(station, tag="CARD-1").transaction_id)


def bill_all():
    """Long after it ended."""
    charging.bill_all(clock.now() + timedelta(days=2))


def stop(client, session, **more):
    """Stop it, saying so."""
    body = {**STOP, "endTime": after(60).isoformat(), **more}
    return send(client, "patch", f"charging-session/{session.pk}/stop", body)


def test_what_is_under_way_is_listed(gateway, session, ann):
    [one] = gateway.get("/api/charger/dev1/active-sessions").json()["sessions"]
    assert set(one) == MEMBERS
    assert (one["sessionId"], one["transactionId"]) == (str(session.pk), session.pk)
    assert (one["customerId"], one["amountDeducted"]) == (ann.user.pk, 10.0)
    assert (one["meterStart"], one["meterEnd"], one["endTime"]) == (1000, None, None)
    assert one["status"] == "active"
    assert one["chargingPoint"]["tariff"] == {"baseCharges": 0.3, "tax": 19.0}


def test_the_newest_comes_first_and_what_ended_is_not_there(gateway, session):
    later = given.begin(session.station, connector=2, tag="CARD-2", minute=5)
    listed = gateway.get("/api/charger/DEV1/active-sessions").json()["sessions"]
    assert [one["id"] for one in listed] == [later.transaction_id, session.pk]
    stop(gateway, session)
    listed = gateway.get("/api/charger/DEV1/active-sessions").json()["sessions"]
    assert [one["id"] for one in listed] == [later.transaction_id]


def test_a_station_nobody_knows_has_no_sessions_nor_has_one_of_another_site(gateway, session):
    north = Site.objects.create(name="North")
    limited = a_gateway("limited", sites=[north])
    for client, name in ((gateway, "NOBODY"), (limited, "NOBODY"), (limited, "DEV1")):
        answer = client.get(f"/api/charger/{name}/active-sessions")
        assert (answer.status_code, answer.json()) == (200, {"success": True, "sessions": []})
    ChargingStation.objects.filter(pk=session.station_id).update(site=north)
    assert len(limited.get("/api/charger/DEV1/active-sessions").json()["sessions"]) == 1


def test_no_404_is_documented_of_them():
    answers = document()["paths"]["/api/charger/{deviceId}/active-sessions"]["get"]["responses"]
    assert {*answers} == {"200", "401", "403"}


def test_many_sessions_cost_as_many_queries_as_one(gateway, session, django_assert_max_num_queries):
    for number in range(2, 8):
        given.begin(session.station, connector=number, tag=f"CARD-{number}")
    with django_assert_max_num_queries(8):
        assert len(gateway.get("/api/charger/DEV1/active-sessions").json()["sessions"]) == 7


def test_a_stop_ends_it_and_our_own_tariff_bills_it(gateway, session, ann):
    answer = stop(gateway, session)
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    told = answer.json()["session"]
    assert (told["status"], told["stopReason"]) == ("stopped", "Disconnected")
    assert (told["meterEnd"], told["energyConsumed"]) == (11000, 10.0)
    bill_all()
    assert SessionBill.objects.get(session=session).gross == Decimal("3.57")
    assert money.balance(ann.wallet) == "16.43"


def test_what_was_said_is_kept_and_settled_where_it_agrees(gateway, session):
    stop(gateway, session)
    case = ReviewCase.objects.get(session=session)
    assert (case.state, case.resolution) == ("Settled", "CompletedByItself")
    assert (case.evidence["finalAmount"], case.evidence["refundAmount"]) == (3.57, 16.43)
    assert case.evidence["gateway"].startswith("key ")
    session.refresh_from_db()
    assert session.needs_review is False


@pytest.mark.parametrize(
    ("more", "contradicts"),
    [
        ({"finalAmount": 59}, "finalAmount: 3.57 EUR here"),
        ({"energyConsumed": 5}, "energyConsumed"),
        ({"meterStart": 900}, "meterStart"),
    ],
)
def test_what_contradicts_waits_for_somebody_and_is_not_billed(gateway, session, more, contradicts):
    assert stop(gateway, session, **more).status_code == 200
    case = ReviewCase.objects.get(session=session)
    assert (case.state, case.evidence["contradicts"]) == ("Open", [contradicts])
    session.refresh_from_db()
    assert session.review_reasons == ["OtherGateway"]
    bill_all()
    assert not SessionBill.objects.exists()


def test_a_session_at_a_station_of_another_gateway_waits_for_somebody(gateway, session):
    send(a_gateway("north"), "patch", "charger/DEV1/status", {"status": "online"})
    assert stop(gateway, session).status_code == 200
    case = ReviewCase.objects.get(session=session)
    contradicts = ["another gateway serves its station"]
    assert (case.state, case.evidence["contradicts"]) == ("Open", contradicts)
    bill_all()
    assert not SessionBill.objects.exists()


def test_a_register_nobody_could_have_charged_waits_for_somebody(gateway, session):
    stop(gateway, session, meterEnd=10**12, energyConsumed=None, finalAmount=None)
    session.refresh_from_db()
    assert session.needs_review
    bill_all()
    assert not SessionBill.objects.exists()


def test_without_an_end_register_the_last_one_counts_and_somebody_looks(gateway, session):
    given.meter(given.a_reading(session.station, session.pk, minute=30, energy=6000))
    answer = stop(gateway, session, meterEnd=None, energyConsumed=None, finalAmount=None)
    assert answer.json()["session"]["meterEnd"] == 6000
    assert ReviewCase.objects.get(session=session).state == "Open"


def test_one_that_is_served_here_is_looked_at(gateway, session):
    connect(session.station)
    assert stop(gateway, session).status_code == 200
    case = ReviewCase.objects.get(session=session)
    assert case.evidence["contradicts"] == ["its station is connected here"]


def test_a_second_stop_changes_nothing(gateway, session):
    first = stop(gateway, session).json()
    again = stop(gateway, session, meterEnd=99000, finalAmount=999, stopReason="Other")
    assert (again.status_code, again.json()) == (200, first)
    assert ReviewCase.objects.filter(session=session).count() == 1


def test_the_stations_own_stop_that_comes_late_is_kept_for_review(gateway, session):
    stop(gateway, session)
    given.finish(session.station, session.pk, minute=70, meter=12000)
    session.refresh_from_db()
    assert session.meter_stop_wh == 11000
    assert session.review_reasons == ["SecondStop"]


def test_an_end_that_is_still_to_come_is_now(gateway, session):
    stop(gateway, session, endTime="2999-01-01T00:00:00Z")
    session.refresh_from_db()
    assert session.stopped_at == session.stop_received_at


def test_a_session_nobody_knows_is_a_404(gateway, db):
    for number in ("0", "999999999", "9" * 40, "s-17", "-1"):
        answer = send(gateway, "patch", f"charging-session/{number}/stop", STOP)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"status": "active"}, "Invalid status. Must be one of: stopped, completed, failed"),
        ({"endTime": "soon"}, "endTime: should be a time such as 2026-01-31T18:00:00Z"),
        ({"meterEnd": "much"}, "meterEnd: A valid integer is required."),
    ],
)
def test_figures_that_are_none_are_refused_and_end_nothing(gateway, session, more, why):
    answer = stop(gateway, session, **more)
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": why})
    session.refresh_from_db()
    assert session.is_open


def test_a_key_of_another_site_cannot_stop_it(session):
    client = a_gateway("limited", sites=[Site.objects.create(name="Elsewhere")])
    answer = stop(client, session)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    session.refresh_from_db()
    assert session.is_open


def refund(client, session, ann, amount, **more):
    """Give back what it did not use."""
    body = {"customerId": str(ann.user.pk), "refundAmount": amount, "sessionId": str(session.pk)}
    return send(client, "post", "wallet/refund", {**body, "amountDeducted": 10, **more})


def test_what_is_held_is_given_back_once_and_our_bill_takes_the_rest(gateway, session, ann):
    stop(gateway, session)
    assert money.balance(ann.wallet) == "10.00"
    for _ in range(2):
        answer = refund(gateway, session, ann, 6.43)
        assert answer.status_code == 200
        transaction = answer.json()["transaction"]
        assert (transaction["amount"], transaction["balanceAfter"]) == (6.43, 16.43)
        assert money.balance(ann.wallet) == "16.43"
    bill_all()
    assert money.balance(ann.wallet) == "16.43"
    assert refund(gateway, session, ann, 6.43).json()["transaction"]["balanceAfter"] == 16.43


def test_a_gateway_gives_nothing_back_of_what_runs_or_is_billed(gateway, session, ann):
    answer = refund(gateway, session, ann, 5)
    assert (answer.status_code, answer.json()["success"]) == (409, False)
    stop(gateway, session)
    bill_all()
    answer = refund(gateway, session, ann, 2, description="Unused")
    assert (answer.status_code, answer.json()["success"]) == (409, False)
    assert money.balance(ann.wallet) == "16.43"


def test_refusals_of_a_refund_have_the_envelope(gateway, session, ann):
    stop(gateway, session)
    for amount, more, code in ((11, {}, 400), (0, {}, 400), (1, {"customerId": "nobody"}, 404)):
        answer = refund(gateway, session, ann, amount, **more)
        assert (answer.status_code, answer.json()["success"]) == (code, False)
        assert answer.json()["error"]
    assert refund(a_gateway("reader", Scope.READ), session, ann, 1).status_code == 403
