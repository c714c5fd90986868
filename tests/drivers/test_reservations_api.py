"""Reservations of drivers over REST: for their own cards, for a while, extended and given up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.accounts.models import User
from cms.drivers import reserving
from cms.shared import clock
from rfid.models import RfidCard
from rfid.services import cards
from stations import hooks
from stations.models import Command, Reservation, ReservationStatus
from stations.services import extending, reservations
from tests.drivers.conftest import logged_in
from tests.stations import given

WHERE = {"ocppIdentifier": "CP-1", "connectorId": 1}
PATH = "/api/me/reservations"


def until(minutes):
    """So many minutes from now, as apps write it."""
    return clock.text(clock.now() + timedelta(minutes=minutes))


def reserve(app, *, wait=0, key=None, **more):
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return app.post(f"{PATH}?wait={wait}", {**WHERE, **more}, **headers)


@pytest.fixture
def held(app, harbour, answers):
    """Ann's, for half an hour; gives its number."""
    answers({"status": "Accepted"})
    made = reserve(app, wait=10, expiryDate=until(30))
    assert (made.status_code, made.json()["status"]) == (201, "Accepted"), made.content
    return made.json()["id"]


def test_a_connector_is_kept_for_ones_own_card(app, ann, held):
    row = Reservation.objects.get()
    assert (row.id_tag, row.requested_by, row.status) == ("ANN-1", ann, "Accepted")
    [shown] = app.get(f"{PATH}?open=true").json()
    assert shown == app.get(f"{PATH}/{held}").json()


def test_without_an_end_it_is_kept_as_long_as_drivers_may(app, harbour, settings):
    settings.RESERVATION_MINUTES = 10
    before = clock.now()
    assert reserve(app).status_code == 202
    kept = Reservation.objects.get().expires_at - before
    assert timedelta(minutes=9) < kept < timedelta(minutes=11)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"expiryDate": until(24 * 60)}, "expiryDate"),
        ({"expiryDate": "2020-01-01T00:00:00Z"}, "expiryDate"),
        ({"tagId": "BOB-1"}, "tagId"),
        ({"ocppIdentifier": "NOWHERE"}, "ocppIdentifier"),
        ({"idTag": "ANN-1"}, "idTag"),
    ],
)
def test_what_cannot_be_is_said_of_its_field(app, harbour, bob, said, field):
    answer = reserve(app, **said)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, [field])
    assert not Reservation.objects.exists()


def test_who_could_not_pay_there_reserves_nothing(app, harbour, monkeypatch):
    monkeypatch.setattr(hooks, "may_charge", [lambda card, station_id, at: "Blocked"])
    answer = reserve(app)
    assert (answer.status_code, answer.json()["code"]) == (409, "card_not_accepted")
    assert not Reservation.objects.exists()


def test_who_asks_again_with_the_same_key_has_what_they_asked_for(app, harbour, monkeypatch):
    made = reserve(app, key="again")
    monkeypatch.setattr(hooks, "may_charge", [lambda card, station_id, at: "Blocked"])
    again = reserve(app, key="again")
    assert (again.status_code, again.json()["id"]) == (202, made.json()["id"])


def test_who_charges_elsewhere_may_reserve_for_later(app, harbour):
    given.begin(given.a_connected_station("CP-2"), tag="ANN-1")
    assert reserve(app).status_code == 202


def test_a_blocked_card_reserves_nothing(app, harbour):
    cards.block(card=RfidCard.objects.get())
    answer = reserve(app)
    assert (answer.status_code, answer.json()["code"]) == (409, "card_not_accepted")


def test_what_is_reserved_already_is_a_conflict(app, held, bob):
    assert reserve(logged_in(bob)).status_code == 409


def test_a_driver_holds_only_so_many_at_once(app, held, harbour, monkeypatch):
    monkeypatch.setattr(reserving, "MOST", 1)
    given.report(harbour, "Available", connector=2)
    assert "cancel one first" in reserve(app, connectorId=2).json()["error"]


def test_it_is_extended_where_the_station_says_so(app, held):
    longer = until(50)
    answer = app.patch(f"{PATH}/{held}?wait=10", {"expiryDate": longer})
    assert answer.status_code == 200
    assert clock.parse(answer.json()["expiryDate"]) == clock.parse(longer)
    asked = Command.objects.latest("pk")
    assert (asked.action, asked.payload["reservationId"]) == ("ReserveNow", held)
    assert Reservation.objects.get().status == "Accepted"


def test_a_station_that_refuses_to_extend_keeps_what_it_keeps(app, held, answers):
    before = Reservation.objects.get().expires_at
    answers({"status": "Rejected"})
    app.patch(f"{PATH}/{held}?wait=10", {"expiryDate": until(50)})
    row = Reservation.objects.get()
    assert (row.status, row.expires_at) == ("Accepted", before)


def test_it_is_extended_no_longer_than_a_new_one(app, held):
    answer = app.patch(f"{PATH}/{held}", {"expiryDate": until(24 * 60)})
    assert [*answer.json()["fields"]] == ["expiryDate"]


def test_what_is_over_is_not_extended(app, held):
    Reservation.objects.update(status=ReservationStatus.CANCELLED)
    assert app.patch(f"{PATH}/{held}", {"expiryDate": until(50)}).status_code == 409


def test_an_answer_that_comes_after_the_old_end_brings_it_back(app, held):
    app.patch(f"{PATH}/{held}?wait=0", {"expiryDate": until(50)})
    Reservation.objects.update(expires_at=clock.now())
    assert reservations.expire_due(at=clock.now() + timedelta(seconds=1)) == 1
    command = Command.objects.latest("pk")
    extending.answered(command=command, status="Accepted", at=clock.now())
    row = Reservation.objects.get()
    assert (row.status, row.expires_at > clock.now()) == ("Accepted", True)


def test_what_is_extended_after_it_was_given_up_is_given_back(app, held):
    """Both were on their way: the station cancels, then holds it anew, for nobody."""
    app.patch(f"{PATH}/{held}?wait=0", {"expiryDate": until(50)})
    extension = Command.objects.latest("pk")
    reservations.cancelled(
        station_id=extension.station_id, reservation_id=held, at=clock.now(), status="Accepted"
    )
    extending.answered(command=extension, status="Accepted", at=clock.now())
    asked = Command.objects.latest("pk")
    assert (asked.action, asked.payload) == ("CancelReservation", {"reservationId": held})
    assert Reservation.objects.get().status == "Cancelled"


@pytest.mark.parametrize("way", ["delete", "cancel"])
def test_it_is_cancelled_either_way(app, held, way):
    path = f"{PATH}/{held}"
    done = app.delete(f"{path}?wait=10") if way == "delete" else app.post(f"{path}/cancel?wait=10")
    assert (done.status_code, done.json()["status"]) == (200, "Cancelled")
    assert app.get(f"{PATH}?open=true").json() == []


def test_reservations_of_others_are_not_there(app, held, bob):
    his = logged_in(bob)
    assert his.get(PATH).json() == []
    assert his.get(f"{PATH}/{held}").status_code == 404
    assert his.patch(f"{PATH}/{held}", {"expiryDate": until(5)}).status_code == 404
    assert his.delete(f"{PATH}/{held}").status_code == 404


def test_a_card_that_changes_hands_takes_none_along(held, bob):
    RfidCard.objects.filter(id_tag="ANN-1").update(user=bob)
    assert logged_in(bob).get(PATH).json() == []


def test_what_an_operator_reserved_for_their_card_is_theirs(app, harbour):
    boss = User.objects.create_user("boss", is_staff=True)
    at = clock.now()
    for asked_by in (boss.pk, None):
        reservations.reserve(
            station=harbour,
            connector_id=1 if asked_by else 2,
            id_tag="ann-1",
            expires_at=at + timedelta(hours=1),
            at=at,
            requested_by_id=asked_by,
        )
    assert len(app.get(PATH).json()) == 2


def test_a_page_costs_two_queries_along_an_index(app, held):
    with CaptureQueriesContext(connection) as queries:
        app.get(PATH)
    assert len(queries) == 2  # with who asks
