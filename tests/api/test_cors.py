"""Which web pages may read what the API answers: those that were named, and never with cookies."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.test import Client

OURS, THEIRS = "https://app.example.com", "https://evil.example.com"
ALLOWED, CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
ASKS = {
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PATCH",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization,content-type",
}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def named(settings):
    settings.CORS_ALLOWED_ORIGINS = [OURS]


def test_a_page_that_was_named_may_ask_beforehand():
    answer = Client().options("/api/me", HTTP_ORIGIN=OURS, **ASKS)
    assert (answer.status_code, answer[ALLOWED]) == (200, OURS)
    assert "PATCH" in answer["Access-Control-Allow-Methods"]
    allowed = answer["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "idempotency-key"} <= {*allowed}


def test_it_reads_the_answer_and_the_headers_that_matter():
    answer = Client().get("/api/me", HTTP_ORIGIN=OURS)
    assert (answer.status_code, answer[ALLOWED]) == (401, OURS)
    assert "Link" in answer["Access-Control-Expose-Headers"]
    assert "origin" in answer["Vary"].lower()


@pytest.mark.parametrize("origin", [THEIRS, "null", "http://app.example.com", f"{OURS}.evil.com"])
def test_another_page_is_told_nothing(origin):
    client = Client()
    assert ALLOWED not in client.options("/api/me", HTTP_ORIGIN=origin, **ASKS)
    assert ALLOWED not in client.get("/api/me", HTTP_ORIGIN=origin)


@pytest.mark.parametrize("path", ["/api/stats", "/health"])
def test_public_answers_are_read_by_pages_that_were_named(path):
    assert Client().get(path, HTTP_ORIGIN=OURS)[ALLOWED] == OURS


@pytest.mark.parametrize("path", ["/admin/login/", "/apiary", "/files/x", "/"])
def test_no_page_elsewhere_reads_the_admin(path):
    assert ALLOWED not in Client().get(path, HTTP_ORIGIN=OURS)
    assert ALLOWED not in Client().options(path, HTTP_ORIGIN=OURS, **ASKS)


def test_cookies_never_come_along(settings):
    assert CREDENTIALS not in Client().get("/api/me", HTTP_ORIGIN=OURS)
    assert settings.CORS_ALLOW_CREDENTIALS is False


def test_it_is_asked_before_whatever_may_answer_by_itself():
    order = django_settings.MIDDLEWARE
    cors = order.index("corsheaders.middleware.CorsMiddleware")
    assert cors < order.index("whitenoise.middleware.WhiteNoiseMiddleware")
    assert cors < order.index("django.middleware.common.CommonMiddleware")
