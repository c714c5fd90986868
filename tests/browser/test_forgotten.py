"""Forgotten passwords in a browser: from the login page to a new one, without any app."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.processes import eventually, manage, start_server

NEXT = "correct horse 8"


@pytest.fixture(scope="module")
def server(shared_environment):
    """One that sends mail, into its log."""
    manage(shared_environment, "migrate", "--verbosity", "0")
    who = ("--username", "ada", "--email", "ada@example.com", "--noinput")
    password = {"DJANGO_SUPERUSER_PASSWORD": "a word that is forgotten"}
    manage({**shared_environment, **password}, "createsuperuser", *who)
    with start_server({**shared_environment, "EMAIL_URL": "consolemail://"}) as running:
        yield running


def mailed(server):
    """The path of the link that was sent."""
    pattern = re.compile(r"^https?://\S+?(/account/reset/\S+)$", re.M)
    assert eventually(lambda: pattern.search(server.log.read_text()) is not None, 30)
    return pattern.findall(server.log.read_text())[-1]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious_where_one_asks(stranger, server, look):
    somebody = stranger(color_scheme=look)
    somebody.goes("/account/forgotten/")
    assert axe.violations(somebody.page) == []


def test_who_forgot_the_password_comes_in_by_a_new_one(stranger, server):
    somebody = stranger(width=400)
    page = somebody.page
    somebody.goes("/admin/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill("Ada@Example.com")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("status")).to_contain_text("a mail is on its way")
    assert axe.violations(page) == []

    somebody.goes(mailed(server))
    assert page.url == f"{server.http}/account/reset/"
    assert axe.violations(page) == []
    page.get_by_label("New password").fill(NEXT)
    page.get_by_label("Once more").fill(NEXT)
    page.get_by_role("button", name="Set it").click()
    expect(page.get_by_role("status")).to_contain_text("Your new password counts")
    page.get_by_role("link", name="Log in").click()
    somebody.logs_in("ada", NEXT)
    assert "Home" in somebody.text
