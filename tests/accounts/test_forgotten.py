"""Who forgot the password asks for a link; nobody learns by it who is known here."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends import locmem
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.accounts import mails, sending
from cms.accounts.models import Mail, User
from cms.shared import clock
from tests.accounts.mailed import HERS, SITE, delivered, forgot, link_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_is_on")]
ANN = "ann@example.com"


def test_who_forgot_the_password_is_sent_a_link_and_a_code(ann):
    assert forgot(ANN).status_code == 202
    [sent] = delivered()
    assert (sent.to, sent.subject) == ([ANN], "Set a new password")
    assert "account ann at https://cpms.example.com" in sent.body
    assert "within 60 minutes" in sent.body
    assert link_in(sent.body).uid == str(ann.pk)


def test_nothing_is_sent_by_the_request_itself(ann):
    forgot(ANN)
    assert mail.outbox == []


def test_what_waits_to_be_sent_holds_no_secret(ann):
    forgot(ANN)
    [row] = Mail.objects.values()
    assert {*row} == {
        *("id", "kind", "address", "folded", "user_id", "language"),
        *("asked_at", "due_at", "attempts", "ended_at"),
    }


def test_the_answer_and_the_work_are_the_same_for_all(somebody):
    somebody()
    somebody("shut", is_active=False)
    somebody("bare", password=None)
    found = set()
    for name in ("ann", "shut", "bare", "nobody"):
        with CaptureQueriesContext(connection) as asked:
            answer = forgot(f"{name}@example.com")
        shapes = tuple(query["sql"].split(" WHERE ")[0].split(" VALUES ")[0] for query in asked)
        assert not any("accounts_user" in shape for shape in shapes)
        found.add((answer.status_code, answer.content, shapes))
    assert len(found) == 1


@pytest.mark.parametrize("more", [{"is_active": False}, {"password": None}])
def test_who_may_not_log_in_is_sent_nothing(somebody, more):
    somebody(**more)
    forgot(ANN)
    assert delivered() == []


def test_nobody_is_sent_nothing(ann):
    forgot("nobody@example.com")
    assert delivered() == []
    assert not Mail.objects.filter(ended_at=None).exists()


def test_links_lead_to_us_whatever_host_a_request_names(ann):
    poisoned = {
        "HTTP_HOST": "evil.example",
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_ORIGIN": "https://evil.example",
        "HTTP_REFERER": "https://evil.example/",
    }
    forgot(ANN, **poisoned)
    [sent] = delivered()
    assert "evil" not in sent.body + str(sent.message())
    assert SITE in sent.body


def test_the_mail_goes_to_the_address_of_the_account_however_it_was_typed(somebody):
    somebody("kim", email="Kim@example.com")
    forgot("kIM@EXAMPLE.com")
    [sent] = delivered()
    assert sent.to == ["Kim@example.com"]


def test_an_address_that_only_looks_alike_is_of_nobody_or_told_at_the_right_one(somebody):
    somebody("kim", email="kim@github.com")
    forgot("kim@gıthub.com")  # a database that folds the dotless i must not send it there
    assert {address for sent in delivered() for address in sent.to} <= {"kim@github.com"}


def test_each_account_of_an_address_has_its_own_link(somebody):
    first, second = somebody(), somebody("anna", email=ANN)
    forgot(ANN)
    assert [link_in(sent.body).uid for sent in delivered()] == [str(first.pk), str(second.pk)]


@pytest.mark.parametrize("language", ["de", "fr"])
def test_the_mail_is_in_the_language_of_who_asks(ann, language):
    forgot(ANN, HTTP_ACCEPT_LANGUAGE=language)
    [sent] = delivered()
    assert "Somebody asked" not in sent.body
    assert sent.subject in {"Neues Passwort setzen", "Choisir un nouveau mot de passe"}
    assert link_in(sent.body)


def test_drivers_are_led_to_their_app_where_it_has_pages(ann, somebody, settings):
    settings.DRIVER_APP_URL = "https://app.example.com"
    somebody("ada", is_staff=True)
    forgot(ANN)
    forgot("ada@example.com")
    texts = {sent.to[0]: sent.body for sent in delivered()}
    assert f"https://app.example.com/reset-password?uid={ann.pk}&token=" in texts[ANN]
    assert link_in(texts["ada@example.com"])


@pytest.mark.parametrize(
    "email", ["", "ann", "a@b\nBcc: eve@example.com", "ann@example.com,eve@example.com", 5, None]
)
def test_what_is_no_address_is_said_so(email):
    answer = forgot(email)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["email"])
    assert not Mail.objects.exists()


def test_an_address_is_sent_three_an_hour_known_or_not_however_it_is_spelled(ann):
    start = clock.now()
    for number, known in enumerate((ANN, "nobody@example.com")):
        answers, sent = [], 0
        for each, email in enumerate((known, known.upper(), f" {known.title()} ", known)):
            with time_machine.travel(start + timedelta(minutes=each)):
                answers.append(forgot(email, REMOTE_ADDR=f"192.0.2.{4 * number + each}"))
                sent += len(delivered())
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert int(answers[-1]["Retry-After"]) == 3600
        assert sent == (0 if number else 3)
    with time_machine.travel(start + timedelta(minutes=63)):
        sending.send_due(now=clock.now)
        assert not Mail.objects.exists()
        assert forgot(ANN).status_code == 202


def test_who_asks_twice_before_it_was_sent_gets_one(ann):
    forgot(ANN)
    forgot(ANN.upper())
    assert len(delivered()) == 1


def test_one_address_asks_ten_times_a_minute_whoever_is_named():
    answers = [forgot(f"name{number}@example.com").status_code for number in range(11)]
    assert answers == [202] * 10 + [429]


def test_nobody_invents_another_client(settings):
    assert settings.REST_FRAMEWORK["NUM_PROXIES"] == 0
    for number in range(10):
        forgot(f"name{number}@example.com", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert forgot(ANN, HTTP_X_FORWARDED_FOR="198.51.100.99").status_code == 429


def test_without_mail_the_operator_is_named(settings, ann):
    settings.EMAIL_URL = ""
    answer = forgot(ANN)
    assert (answer.status_code, answer.json()["code"]) == (409, "mail_is_off")
    assert "ask the operator for a new password" in answer.json()["error"]
    assert not Mail.objects.exists()


def test_a_mail_server_that_is_away_is_asked_again(ann, monkeypatch):
    forgot(ANN)
    start = time.time()

    def away(*_):
        raise OSError("away")

    with monkeypatch.context() as broken, time_machine.travel(start, tick=False):
        broken.setattr(locmem.EmailBackend, "send_messages", away)
        assert delivered() == []
        assert Mail.objects.get().attempts == 1
    with time_machine.travel(start + 10, tick=False):
        assert delivered() == []
    with time_machine.travel(start + 31, tick=False):
        assert len(delivered()) == 1
    with time_machine.travel(start + 3000, tick=False):
        assert delivered() == []


def test_a_mail_that_could_not_be_sent_for_an_hour_is_let_go_of(ann):
    forgot(ANN)
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert delivered() == []
    assert not Mail.objects.filter(ended_at=None).exists()


def test_a_mail_that_is_being_sent_is_sent_by_nobody_else(ann, monkeypatch):
    forgot(ANN)
    sent = []

    def meanwhile(self, messages):
        sent.extend(messages)
        assert sending.send_due(now=clock.now) == 0
        return len(messages)

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", meanwhile)
    assert sending.send_due(now=clock.now) == 1
    assert len(sent) == 1


def test_a_link_is_no_news_of_anybody_s_password(ann):
    forgot(ANN)
    delivered()
    assert User.objects.get().check_password(HERS)
    assert mails.fold(" Ann@EXAMPLE.com") == mails.fold(ANN)
