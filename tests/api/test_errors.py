"""Every refusal has the same form, wherever it comes from."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from cms.api import errors
from stations import selectors


def test_an_unknown_path_is_answered_in_json(client: Client):
    response = client.get("/api/nothing/here")
    assert response.status_code == 404
    assert response.json() == {
        "code": "not_found",
        "error": "There is nothing at /api/nothing/here",
    }


def test_an_unknown_path_takes_no_csrf_token():
    response = Client(enforce_csrf_checks=True).post("/api/nothing", {})
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_page_elsewhere_stays_a_page(client: Client):
    response = client.get("/nothing")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_a_method_nobody_offers_is_a_405(api: APIClient):
    response = api.delete("/api/stations")
    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"
    assert response["Allow"]


def test_another_media_type_is_a_415(api: APIClient):
    response = api.post("/api/rfid", "tagId=A", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


def test_an_answer_we_cannot_write_is_a_406(api: APIClient):
    response = api.get("/api/rfid", HTTP_ACCEPT="application/xml")
    assert response.status_code == 406
    assert response.json()["code"] == "not_acceptable"


@pytest.mark.parametrize(
    "body",
    [
        "{",
        '{"tagId": NaN}',
        '{"tagId": "\\ud800"}',
        '{"tagId": "A\\u0000"}',
        '{"a\\u0000": 1}',
        '{"tags": ["\\u0000"]}',
        "[" * 100_000,
        b"\xff",
        '{"tagId": "A",}',
    ],
)
def test_a_body_that_is_no_json_is_a_400(api: APIClient, body):
    response = api.post("/api/rfid", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["code"] == "parse_error"


def test_a_text_that_only_looks_like_a_nul_is_taken(api: APIClient):
    response = api.post("/api/rfid", r'{"tagId": "A\\u0000"}', content_type="application/json")
    assert response.status_code == 201
    assert response.json()["tagId"] == "A\\u0000"


def test_a_huge_body_is_a_413(api: APIClient, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = '{"tagId": "' + "A" * 1000 + '"}'
    response = api.post("/api/rfid", body, content_type="application/json")
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


@pytest.mark.parametrize("body", ["[]", '"text"', "3", "null"])
def test_a_body_that_is_no_object_is_a_400(api: APIClient, body):
    response = api.post("/api/rfid", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_validation_error_names_its_fields(api: APIClient):
    response = api.post("/api/rfid", {"status": "Lost", "validUntil": "soon"}, format="json")
    assert response.status_code == 400
    assert response.json()["code"] == "validation_error"
    assert set(response.json()["fields"]) == {"tagId", "status", "validUntil"}
    assert "tagId: This field is required." in response.json()["error"]


def test_a_misspelt_member_is_named(api: APIClient):
    response = api.post("/api/rfid", {"tagId": "A", "validTill": None}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["validTill"]


def test_a_misspelt_filter_is_named(api: APIClient):
    response = api.get("/api/sessions?statuss=ACTIVE")
    assert response.status_code == 400
    assert "statuss" in response.json()["fields"]
    assert "status" in response.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        "stations/%00",
        "stations/A%0A",
        "rfid/%00",
        "sessions/99999999999999999999",
        "sessions/station/%00",
        "commands/x",
        "stations/%F0%9F%94%8C",
        "sessions/999999999999999999",
        "commands/999999999999999999",
        "reservations/999999999999999999",
    ],
)
def test_a_path_nobody_has_is_a_404(api: APIClient, path):
    response = api.get(f"/api/{path}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize("query", ["tagId=%00", "status=%00", "cursor=%00", "limit=%00"])
def test_a_nul_in_a_query_is_a_400(api: APIClient, query):
    assert api.get(f"/api/rfid?{query}").status_code == 400


def test_our_own_mistake_is_told_in_one_sentence(api: APIClient, monkeypatch, caplog):
    def broken(cp_id):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(selectors, "station_in_full", broken)
    api.raise_request_exception = False
    response = api.get("/api/stations/CP_001")
    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "secret" not in response.content.decode()
    assert "GET /api/stations/CP_001 failed" in caplog.text
    assert "secret detail" in caplog.text


def test_while_the_database_is_away_one_is_told_to_come_back(api: APIClient, monkeypatch):
    def away(cp_id):
        raise OperationalError("connection refused by secret.host")

    monkeypatch.setattr(selectors, "station_in_full", away)
    response = api.get("/api/stations/CP_001")
    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"
    assert "secret" not in response.content.decode()
    assert int(response["Retry-After"]) > 0


def test_nobody_logs_in_while_the_counter_of_tries_is_away(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    login = {"username": "somebody", "password": "guess"}
    response = APIClient().post("/api/auth/token", login, format="json")
    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"


def test_a_mistake_outside_of_views_is_json_too(rf):
    assert errors.server_error(rf.get("/api/x"))["Content-Type"] == "application/json"
    assert errors.server_error(rf.get("/x"))["Content-Type"].startswith("text/html")


def test_a_host_that_is_not_ours_is_told_so(client: Client, settings):
    settings.ALLOWED_HOSTS = ["example.com"]
    assert client.get("/api/rfid").json()["code"] == "bad_request"
    assert client.get("/admin/")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("", "Station not found"),
        ("de-DE,de;q=0.9", "Station nicht gefunden"),
        ("fr", "Station introuvable"),
        ("nl", "Station not found"),
    ],
)
def test_a_sentence_is_in_the_callers_language_and_its_code_is_not(api, language, said):
    asked = {"HTTP_ACCEPT_LANGUAGE": language} if language else {}
    response = api.get("/api/stations/NOBODY", **asked)
    assert response.json() == {"code": "not_found", "error": said}


def test_what_is_wrong_with_a_field_is_in_the_callers_language_too(api: APIClient):
    response = api.get("/api/reports/billing?limit=0", HTTP_ACCEPT_LANGUAGE="de")
    said = "sollte eine ganze Zahl von 1 bis 1000 sein"
    assert response.json() == {
        "code": "invalid",
        "error": f"limit {said}",
        "fields": {"limit": [said]},
    }
