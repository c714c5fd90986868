"""Reservations: through their own paths, and through the two commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from cms.shared import clock
from ocpp_gateway.frames import CallError
from stations.models import Command, Reservation
from stations.services import configuration, reservations, stations
from tests.api.conftest import NOW, Answers


@pytest.fixture
def body() -> dict:
    """A reservation for the next hour."""
    expires = clock.text(datetime.now(UTC) + timedelta(hours=1))
    return {"connectorId": 1, "idTag": "RFID_001", "expiryDate": expires}


@pytest.fixture
def held(online) -> Reservation:
    """A reservation the station accepted."""
    at = datetime.now(UTC)
    made = reservations.reserve(
        station=online, connector_id=1, id_tag="A", expires_at=at + timedelta(hours=1), at=at
    )
    Command.objects.update(status="Answered")
    reservations.answered(station_id=online.pk, reservation_id=made.pk, status="Accepted", at=at)
    return made


@pytest.mark.parametrize("status", ["Accepted", "Occupied", "Rejected"])
def test_a_reservation_is_made_and_shows_what_the_station_said(
    api: APIClient, online, body, answers: Answers, status
):
    answers({"status": status})
    wanted = {"ocppIdentifier": "cp_001", "parentIdTag": "FLEET", **body}
    response = api.post("/api/reservations", wanted, format="json")
    assert response.status_code == 201
    shown, row = response.json(), Reservation.objects.get()
    assert shown["id"] == row.pk
    assert shown["status"] == status
    assert shown["ocppIdentifier"] == "CP_001"
    assert {name: shown[name] for name in body} == body
    assert shown["parentIdTag"] == "FLEET"
    assert shown["commandId"] == Command.objects.get().pk
    assert response["Location"] == f"/api/reservations/{row.pk}"
    assert api.get(response["Location"]).json() == shown
    assert Command.objects.get().payload == {
        **body,
        "parentIdTag": "FLEET",
        "reservationId": row.pk,
    }


def test_a_reservation_without_an_answer_yet_is_a_202(api: APIClient, online, body):
    wanted = {"ocppIdentifier": "CP_001", **body}
    response = api.post("/api/reservations?wait=0", wanted, format="json")
    assert response.status_code == 202
    assert response.json()["status"] == "Requested"


def test_a_station_that_cannot_reserve_is_a_502(api: APIClient, online, body, answers: Answers):
    answers(error=CallError("x", "NotSupported"))
    response = api.post("/api/reservations", {"ocppIdentifier": "CP_001", **body}, format="json")
    assert response.status_code == 502
    assert response.json()["errorCode"] == "NotSupported"
    assert Reservation.objects.get().status == "Failed"


def test_a_station_that_is_offline_keeps_no_reservation(api: APIClient, station, body):
    for path, wanted in (
        ("reservations", {"ocppIdentifier": "CP_001", **body}),
        ("admin/CP_001/reserve-now", body),
    ):
        response = api.post(f"/api/{path}", wanted, format="json")
        assert response.status_code == 409
        assert response.json()["code"] == "station_offline"
    assert not Reservation.objects.exists()


def test_a_connector_is_reserved_once(api: APIClient, held, body):
    response = api.post("/api/admin/CP_001/reserve-now", body, format="json")
    assert response.status_code == 409
    assert list(response.json()["fields"]) == ["connectorId"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ocppIdentifier", "NOBODY"),
        ("connectorId", -1),
        ("connectorId", 1001),
        ("idTag", "x" * 21),
        ("idTag", ""),
        ("expiryDate", "2020-01-01T00:00:00Z"),
        ("expiryDate", "tomorrow"),
        ("reservationId", 5),
    ],
)
def test_a_bad_member_is_named(api: APIClient, online, body, field, value):
    wanted = {"ocppIdentifier": "CP_001", **body, field: value}
    response = api.post("/api/reservations", wanted, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Reservation.objects.exists()


def test_a_reservation_does_not_wait_for_a_station(api: APIClient, online, body):
    response = api.post("/api/admin/CP_001/reserve-now?queue=60", body, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["queue"]
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("path", ["reservations", "admin/CP_001/reserve-now"])
def test_a_repeated_key_reserves_once(api: APIClient, online, body, path):
    wanted = {"ocppIdentifier": "CP_001", **body} if path == "reservations" else body
    first, again = (
        api.post(f"/api/{path}?wait=0", wanted, format="json", HTTP_IDEMPOTENCY_KEY="a")
        for _ in range(2)
    )
    assert first.status_code == again.status_code == 202
    assert first["Location"] == again["Location"]
    assert (Reservation.objects.count(), Command.objects.count()) == (1, 1)


@pytest.mark.parametrize("other", [{"connectorId": 2}, {"idTag": "OTHER"}])
def test_a_key_of_another_reservation_is_a_409(api: APIClient, online, body, other):
    path, key = "/api/admin/CP_001/reserve-now?wait=0", {"HTTP_IDEMPOTENCY_KEY": "a"}
    api.post(path, body, format="json", **key)
    assert api.post(path, {**body, **other}, format="json", **key).status_code == 409
    assert Reservation.objects.count() == 1


def test_a_repeated_key_cancels_once(api: APIClient, held, answers: Answers):
    answers({"status": "Accepted"})
    path, key = f"/api/reservations/{held.pk}/cancel", {"HTTP_IDEMPOTENCY_KEY": "a"}
    assert [api.post(path, **key).status_code for _ in range(2)] == [200, 200]
    assert Command.objects.filter(action="CancelReservation").count() == 1


def test_any_connector_is_refused_where_the_station_says_it_cannot(api: APIClient, online, body):
    configuration.changed(
        station_id=online.pk, key="ReserveConnectorZeroSupported", value="false", at=NOW
    )
    wanted = {**body, "connectorId": 0}
    response = api.post("/api/admin/CP_001/reserve-now", wanted, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["connectorId"]


def test_reserve_now_answers_as_the_station_does(api: APIClient, online, body, answers: Answers):
    answers({"status": "Accepted"})
    response = api.post("/api/admin/CP_001/reserve-now", body, format="json")
    assert response.status_code == 200
    assert response.json() == {"status": "Accepted"}
    row = Reservation.objects.get()
    assert row.status == "Accepted"
    assert Command.objects.get().payload["reservationId"] == row.pk


@pytest.mark.parametrize(
    ("field", "value"),
    [("reservationId", 5), ("expiryDate", "2020-01-01T00:00:00Z"), ("expiryDate", "tomorrow")],
)
def test_reserve_now_names_what_is_wrong(api: APIClient, online, body, field, value):
    response = api.post("/api/admin/CP_001/reserve-now", {**body, field: value}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Reservation.objects.exists()


def test_cancel_reservation_answers_as_the_station_does(api: APIClient, held, answers: Answers):
    answers({"status": "Accepted"})
    body = {"reservationId": held.pk}
    response = api.post("/api/admin/CP_001/cancel-reservation", body, format="json")
    assert response.json() == {"status": "Accepted"}
    held.refresh_from_db()
    assert held.status == "Cancelled"


def test_a_reservation_of_another_station_is_not_cancelled(api: APIClient, held):
    stations.create(cp_id="CP_002")
    body = {"reservationId": held.pk}
    response = api.post("/api/admin/CP_002/cancel-reservation", body, format="json")
    assert response.status_code == 404


@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_a_reservation_is_cancelled(api: APIClient, held, answers: Answers, way):
    answers({"status": "Accepted"})
    path = f"/api/reservations/{held.pk}"
    response = api.delete(path) if way == "delete" else api.post(f"{path}/cancel")
    assert response.status_code == 200
    assert response.json()["status"] == "Cancelled"
    assert response.json()["endedAt"]


def test_cancelling_without_an_answer_yet_is_a_202(api: APIClient, held):
    response = api.post(f"/api/reservations/{held.pk}/cancel?wait=0")
    assert response.status_code == 202
    assert response.json()["status"] == "Accepted"


def test_one_that_is_over_cannot_be_cancelled(api: APIClient, held):
    Reservation.objects.update(status="Used")
    assert api.post(f"/api/reservations/{held.pk}/cancel").status_code == 409


@pytest.mark.parametrize(("method", "path"), [("get", "5"), ("delete", "5"), ("post", "5/cancel")])
def test_an_unknown_reservation_is_a_404(api: APIClient, db, method, path):
    response = getattr(api, method)(f"/api/reservations/{path}")
    assert response.status_code == 404
    assert response.json()["error"] == "Reservation not found"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 1),
        ("status=Accepted", 1),
        ("status=Used", 0),
        ("station=cp_001", 1),
        ("connectorId=1", 1),
        ("connectorId=2", 0),
        ("idTag=a", 1),
        ("idTag=b", 0),
    ],
)
def test_reservations_are_filtered(api: APIClient, held, query, found):
    assert len(api.get(f"/api/reservations?{query}").json()) == found


@pytest.mark.parametrize("query", ["status=Maybe", "station=NOBODY", "connectorId=x"])
def test_an_unknown_filter_value_is_a_400(api: APIClient, db, query):
    response = api.get(f"/api/reservations?{query}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [query.partition("=")[0]]
