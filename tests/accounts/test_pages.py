"""The pages for who forgot the password: they need no app, and let no token out."""

from __future__ import annotations

import pytest
from django.test import Client

from cms.accounts.models import Mail, User
from tests.accounts.mailed import HERS, NEXT, delivered, forgot, link_in, link_to, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_is_on")]
ANN, FORGOTTEN, RESET = "ann@example.com", "/account/forgotten/", "/account/reset/"
BOTH = {"new": NEXT, "again": NEXT}


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=False)


def text(answer) -> str:
    return str(answer.content.decode())


def test_the_login_page_offers_it_where_mail_is_set_up(browser, settings):
    assert FORGOTTEN in text(browser.get("/admin/login/"))
    settings.EMAIL_URL = ""
    assert FORGOTTEN not in text(browser.get("/admin/login/"))


def test_without_mail_the_page_names_the_operator(browser, settings):
    settings.EMAIL_URL = ""
    for answer in (browser.get(FORGOTTEN), browser.post(FORGOTTEN, {"email": ANN})):
        assert answer.status_code == 409
        assert "ask the operator" in text(answer)
    assert not Mail.objects.exists()


def test_who_asks_on_the_page_sets_a_password_by_the_link(browser, ann):
    assert "a mail is on its way" in text(browser.post(FORGOTTEN, {"email": ANN}))
    [sent] = delivered()
    page = browser.get(link_in(sent.body).path, follow=True)
    assert "Of the account ann" in text(page)
    assert "Your new password counts" in text(browser.post(RESET, BOTH))
    assert (log_in(HERS).status_code, log_in(NEXT).status_code) == (401, 200)


def test_the_page_answers_alike_whether_anybody_has_the_address(browser, ann):
    known, unknown = (browser.post(FORGOTTEN, {"email": name}) for name in (ANN, "x@example.com"))
    assert (known.status_code, text(known)) == (unknown.status_code, text(unknown))


def test_page_and_api_share_their_limits(browser, ann):
    for _ in range(3):
        browser.post(FORGOTTEN, {"email": ANN})
        delivered()
    answer = browser.post(FORGOTTEN, {"email": ANN.upper()})
    assert (answer.status_code, "too often" in text(answer)) == (429, True)
    for number in range(7):
        forgot(f"name{number}@example.com")
    assert browser.post(FORGOTTEN, {"email": "other@example.com"}).status_code == 429


def test_the_token_leaves_the_address_before_a_page_is_shown(browser, ann):
    link = link_to(ANN)
    answer = browser.get(link.path)
    assert (answer.status_code, answer["Location"]) == (302, RESET)
    page = browser.get(RESET)
    assert link.token not in text(page)
    for each in (answer, page):
        assert each["Referrer-Policy"] == "same-origin"
        assert "no-store" in each["Cache-Control"]


def test_looking_at_a_link_uses_nothing_up(browser, ann):
    """As programs do that look at mail before its reader."""
    link = link_to(ANN)
    for _ in range(3):
        Client().head(link.path)
        Client().get(link.path, follow=True)
    browser.get(link.path)
    assert "Your new password counts" in text(browser.post(RESET, BOTH))


def test_a_link_that_was_used_says_so_and_leads_on(browser, ann):
    link = link_to(ANN)
    browser.get(link.path)
    browser.post(RESET, BOTH)
    for answer in (browser.get(link.path), browser.get(RESET), browser.post(RESET, BOTH)):
        assert answer.status_code == 400
        assert "used already" in text(answer)
        assert FORGOTTEN in text(answer)


def test_a_link_that_is_wrong_leaves_no_session_behind(browser, ann):
    link = link_to(ANN)
    assert browser.get(link._replace(token="d1b2c3-x").path).status_code == 400
    assert not browser.cookies


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"new": NEXT, "again": "x"}, "differ"),
        ({"new": "password", "again": "password"}, "too common"),
        ({"new": "", "again": ""}, "required"),
    ],
)
def test_a_password_that_cannot_be_is_said_on_the_page(browser, ann, said, told):
    browser.get(link_to(ANN).path)
    answer = browser.post(RESET, said)
    assert told in text(answer)
    assert User.objects.get().check_password(HERS)
    assert "Your new password counts" in text(browser.post(RESET, BOTH))


def test_nobody_is_logged_in_by_it(browser, ann):
    User.objects.update(is_staff=True)
    browser.get(link_to(ANN).path)
    browser.post(RESET, BOTH)
    assert browser.get("/admin/").status_code == 302


def test_another_site_sends_no_form_of_these(ann):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(FORGOTTEN, {"email": ANN}).status_code == 403
    strict.get(link_to(ANN).path)
    assert strict.post(RESET, BOTH).status_code == 403
    assert User.objects.get().check_password(HERS)


@pytest.mark.parametrize("path", [FORGOTTEN, RESET])
def test_the_pages_load_from_here_only_and_stand_in_no_frame(browser, path):
    answer = browser.get(path)
    assert "script-src 'self' 'unsafe-eval'" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_the_pages_are_in_the_reader_s_language(browser):
    assert "Passwort vergessen?" in text(browser.get(FORGOTTEN, HTTP_ACCEPT_LANGUAGE="de"))


def test_who_still_owes_a_second_factor_may_reset_the_password(browser, ann, settings):
    User.objects.update(is_superuser=True, is_staff=True)
    settings.OTP_REQUIRED_ROLES = ["superuser"]
    browser.force_login(ann)
    assert browser.get(link_to(ANN).path, follow=True).status_code == 200
