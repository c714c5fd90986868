"""A driver at a running server that sends mail: verifies the address, forgets the password."""

from __future__ import annotations

import re

import pytest

from tests.processes import eventually, start_server
from tests.web import Api, Browser

HERS, NEXT, EMAIL = "battery staple 7", "correct horse 8", "mia.journey@example.com"
WHO = {"name": "Mia Lake", "email": EMAIL, "password": HERS}


@pytest.fixture(scope="module")
def server(shared_environment):
    mail = {"REGISTRATION": "verified", "EMAIL_URL": "consolemail://"}
    with start_server({**shared_environment, **mail}) as running:
        yield running


def mailed(server, kind):
    """The path in the mail that a task sends soon: what the server sends goes into its log."""
    pattern = re.compile(rf"^https?://\S+?(/account/{kind}/\S+)$", re.M)
    assert eventually(lambda: pattern.search(server.log.read_text()) is not None, 30)
    assert f"To: {EMAIL}" in server.log.read_text()
    return pattern.findall(server.log.read_text())[-1]


def pair(server, password):
    return Api(server.http).post("auth/token", {"username": EMAIL, "password": password})


def test_a_driver_verifies_the_address_and_sets_a_new_password_by_mail(server):
    assert Api(server.http).post("auth/register", WHO).status == 202
    app = Api(server.http, f"Bearer {pair(server, HERS).body['access']}")
    assert (app.get("me").body["emailVerified"], app.get("me/cards").body) == (False, [])
    Browser(server.http).submit(mailed(server, "verify"))
    assert app.get("me").body["emailVerified"] is True
    assert len(app.get("me/cards").body) == 1

    browser = Browser(server.http)
    assert "on its way" in browser.submit("/account/forgotten/", email=EMAIL).body
    browser.open(mailed(server, "reset"))
    page = browser.submit("/account/reset/", new=NEXT, again=NEXT)
    assert "Your new password counts" in page.body
    assert (app.get("me").status, app.get("me").body["code"]) == (401, "password_changed")
    assert (pair(server, HERS).status, pair(server, NEXT).status) == (401, 200)
