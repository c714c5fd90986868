"""Charging over REST: begun by one's own card, seen while it lasts, ended, and nobody else's."""

from __future__ import annotations

import pytest

from cms.shared import clock
from rfid.models import RfidCard
from rfid.services import cards
from stations.models import ChargingStation, Command, CommandStatus, SessionLimit
from tests.drivers.conftest import logged_in
from tests.stations import given

START = {"ocppIdentifier": "CP-1", "connectorId": 1}


def start(app, *, wait=0, key="k", **more):
    path = f"/api/me/sessions?wait={wait}"
    return app.post(path, {**START, **more}, HTTP_IDEMPOTENCY_KEY=key)


def begun(station, tag="ANN-1"):
    """The station's StartTransaction, heard now."""
    return given.begin(station, tag=tag, heard=clock.now()).transaction_id


def test_a_start_asks_the_station_with_the_one_card_there_is(app, ann, harbour):
    answer = start(app)
    command = Command.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {
        **{"id": command.pk, "url": f"/api/me/commands/{command.pk}", "sessionId": None},
        **{"status": "InProgress", "message": "The station has not answered yet"},
    }
    assert command.payload == {"connectorId": 1, "idTag": "ANN-1"}
    assert command.requested_by_id == ann.pk


def test_a_start_is_told_when_its_session_began(app, harbour, answers):
    answers({"status": "Accepted"})
    waiting = start(app, wait=1)
    assert (waiting.status_code, waiting.json()["status"]) == (202, "InProgress")
    assert "plug in" in waiting.json()["message"]
    number = begun(harbour)
    told = app.get(waiting.json()["url"]).json()
    assert (told["status"], told["sessionId"]) == ("Accepted", number)
    again = start(app, wait=1)
    assert (again.status_code, again.json()) == (200, told)
    assert Command.objects.count() == 1


def test_a_refusal_of_the_station_is_its_answer(app, harbour, answers):
    answers({"status": "Rejected"})
    answer = start(app, wait=5)
    assert (answer.status_code, answer.json()["status"]) == (200, "Rejected")
    assert answer.json()["message"] == "The station refused"


def test_a_key_used_for_another_start_is_a_conflict(app, harbour):
    start(app)
    assert start(app, connectorId=2).status_code == 409


def test_a_limit_is_kept_with_the_start(app, harbour):
    start(app, limit={"energyKwh": 20.5, "minutes": 30})
    kept = SessionLimit.objects.get()
    assert (kept.energy_wh, kept.minutes, kept.amount) == (20_500, 30, None)


def test_a_station_that_is_offline_is_a_conflict(app, harbour):
    ChargingStation.objects.update(online=False)
    answer = start(app)
    assert (answer.status_code, answer.json()["code"]) == (409, "station_offline")


def test_a_card_that_may_not_charge_is_a_conflict_that_says_why(app, harbour):
    cards.block(card=RfidCard.objects.get())
    answer = start(app)
    assert (answer.status_code, answer.json()["code"]) == (409, "card_not_accepted")
    assert answer.json()["error"] == "The card is blocked"
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"tagId": "BOB-1"}, "tagId"),
        ({"tagId": "NOBODY"}, "tagId"),
        ({"ocppIdentifier": "NOWHERE"}, "ocppIdentifier"),
        ({"connectorId": 0}, "connectorId"),
        ({"limit": {"minutes": 0}}, "limit.minutes"),
        ({"idTag": "ANN-1"}, "idTag"),
    ],
)
def test_what_cannot_be_is_said_of_its_field(app, harbour, bob, said, field):
    answer = start(app, **said)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, [field])
    assert not Command.objects.exists()


def test_who_has_several_cards_names_one(app, ann, harbour):
    given.a_card("ANN-2", user=ann)
    assert [*start(app).json()["fields"]] == ["tagId"]
    assert start(app, tagId="ann-2").status_code == 202


def test_a_session_under_way_says_how_it_stands(app, harbour):
    number = begun(harbour)
    given.meter(given.a_reading(harbour, number, minute=5, energy=3000, power=7400, soc=64))
    shown = app.get(f"/api/me/sessions/{number}").json()
    assert (shown["state"], shown["energyKwh"]) == ("Charging", 2.0)
    live = shown["live"]
    assert (live["powerKw"], live["stateOfCharge"], live["meterKwh"]) == (7.4, 64.0, 3.0)
    assert live["readAt"] == "2025-03-01T12:05:00Z"


def test_what_has_ended_stands_no_more(app, harbour):
    number = begun(harbour)
    given.finish(harbour, number)
    shown = app.get(f"/api/me/sessions/{number}").json()
    assert (shown["live"], shown["energyKwh"]) == (None, 8.0)


def test_sessions_come_newest_first_and_by_whether_they_are_open(app, harbour):
    ended = begun(harbour)
    given.finish(harbour, ended)
    under_way = given.begin(harbour, tag="ANN-1", minute=90, meter=9000).transaction_id

    def listed(query=""):
        return [row["sessionId"] for row in app.get(f"/api/me/sessions{query}").json()]

    assert listed() == [under_way, ended]
    assert listed("?open=true") == [under_way]
    assert listed("?open=false&sort=energy") == [ended]
    assert app.get("/api/me/sessions?customerId=1").status_code == 400


def test_a_stop_asks_the_station(app, ann, harbour):
    number = begun(harbour)
    answer = app.post(f"/api/me/sessions/{number}/stop?wait=0")
    command = Command.objects.get()
    assert (answer.status_code, answer.json()["sessionId"]) == (202, number)
    assert (command.action, command.requested_by_id) == ("RemoteStopTransaction", ann.pk)
    assert command.payload == {"transactionId": number}


def test_a_stop_is_told_what_the_station_said(app, harbour, answers):
    answers({"status": "Accepted"})
    number = begun(harbour)
    answer = app.post(f"/api/me/sessions/{number}/stop?wait=5")
    assert (answer.status_code, answer.json()["status"]) == (200, "Accepted")


def test_what_is_over_needs_no_stop(app, harbour):
    number = begun(harbour)
    given.finish(harbour, number)
    answer = app.post(f"/api/me/sessions/{number}/stop")
    assert (answer.status_code, answer.json()["id"]) == (200, None)
    assert not Command.objects.exists()


def test_a_station_that_never_answers_is_a_504_with_an_address_of_ones_own(app, harbour):
    start(app)
    Command.objects.update(status=CommandStatus.TIMED_OUT)
    answer = start(app)
    assert (answer.status_code, answer.json()["code"]) == (504, "no_answer")
    told = app.get(answer.json()["url"])
    assert (told.status_code, told.json()["status"]) == (200, "Rejected")


def test_sessions_and_commands_of_others_are_not_there(app, bob, harbour):
    number = begun(harbour, "BOB-1")
    asked = logged_in(bob).post(f"/api/me/sessions/{number}/stop?wait=0").json()
    assert app.get("/api/me/sessions").json() == []
    for path in (f"/api/me/sessions/{number}", asked["url"]):
        assert app.get(path).status_code == 404
    assert app.post(f"/api/me/sessions/{number}/stop").status_code == 404
    assert Command.objects.count() == 1


def test_a_card_that_changes_hands_takes_no_history_along(app, ann, bob, harbour):
    """What was billed to bob stays his, whoever has the card now."""
    from tests.billing import charging

    charging.everywhere()
    number = given.begin(harbour, tag="BOB-1").transaction_id
    given.finish(harbour, number)
    charging.bill_all(at=given.after(10 * 24 * 60))
    RfidCard.objects.filter(id_tag="BOB-1").update(user=ann)
    assert app.get(f"/api/me/sessions/{number}").status_code == 404
    assert logged_in(bob).get(f"/api/me/sessions/{number}").status_code == 200


def test_one_session_costs_few_queries(app, harbour, django_assert_max_num_queries):
    number = begun(harbour)
    given.meter(given.a_reading(harbour, number))
    with django_assert_max_num_queries(8):
        app.get(f"/api/me/sessions/{number}")
