"""An e-mail is verified by a link sent there; another address is not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.test import Client
from rest_framework.test import APIClient

from cms.accounts import people, verifying
from cms.accounts.models import Mail, User
from cms.shared import clock
from rfid.models import RfidCard
from tests.accounts.mailed import HERS, SITE, call, delivered
from tests.drivers.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_is_on")]
EVE = {"name": "Eve Moss", "email": "Eve@Example.com", "password": HERS}
ANN = "ann@example.com"


@pytest.fixture(autouse=True)
def anybody_may_register(settings):
    settings.REGISTRATION = "account"


def register(**more):
    answer = call("register", {**EVE, **more})
    assert answer.status_code == 202
    return answer


def token_in(text: str) -> str:
    [found] = re.findall(rf"{SITE}/account/verify/([\w:-]+)/\n", text)
    assert f"\n{found}\n" in text
    return str(found)


def verify(token: str):
    return call("verify-email", {"token": token})


def refusal(token: str) -> None:
    answer = verify(token)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["token"])


def is_verified(user: User) -> bool:
    shown: bool = logged_in(user).get("/api/me").json()["emailVerified"]
    return shown


def test_who_registers_verifies_the_address():
    register()
    [sent] = delivered()
    eve = User.objects.get()
    assert (sent.to, is_verified(eve)) == (["Eve@Example.com"], False)
    assert verify(token_in(sent.body)).status_code == 204
    assert is_verified(User.objects.get())


def test_the_mail_repeats_nothing_that_a_stranger_chose():
    register(name="Win at https://evil.example")
    [sent] = delivered()
    assert "evil" not in str(sent.message())


def test_an_address_that_is_known_is_answered_alike_and_its_owner_told(ann):
    fresh, known = register(), register(email=ANN.upper())
    assert (fresh.status_code, fresh.content) == (known.status_code, known.content)
    assert [*Mail.objects.values_list("user", flat=True)] == [None, None]
    told = {sent.to[0]: sent.body for sent in delivered()}
    assert "which has an account: ann." in told[ANN]
    assert f"{SITE}/account/forgotten/" in told[ANN]
    assert "/verify/" not in told[ANN]


def test_verifying_twice_does_no_harm(ann):
    for _ in range(2):
        assert verify(verifying.token(ann)).status_code == 204


def test_a_link_ends_after_three_days(ann):
    token = verifying.token(ann)
    with time_machine.travel(clock.now() + timedelta(days=3, minutes=1)):
        refusal(token)


def test_a_link_is_of_the_address_it_was_sent_to(ann):
    token = verifying.token(ann)
    people.change(user=ann, fields={"email": "ann@example.org"}, at=clock.now())
    refusal(token)
    assert not is_verified(User.objects.get())


def test_a_link_of_an_account_that_is_shut_verifies_nothing(ann):
    people.deactivate(user=ann)
    refusal(verifying.token(ann))


def test_what_was_signed_for_something_else_verifies_nothing(ann):
    for token in (
        signing.dumps([ann.pk, ann.email], salt="cms.accounts.login"),
        signing.dumps([ann.pk, ann.email], salt="cms.accounts.verifying", key="another secret"),
        verifying.token(ann)[:-1],
        "x",
        "é:½:\u202e",
    ):
        refusal(token)


def test_a_token_to_a_new_password_verifies_nothing_and_the_other_way_round(ann):
    said = {"uid": str(ann.pk), "token": verifying.token(ann), "newPassword": "battery staple 8"}
    assert call("reset-password", said).status_code == 400


def test_another_address_is_asked_and_the_former_one_told(ann):
    verifying.verify(token=verifying.token(ann))
    changed = logged_in(ann).patch("/api/me", {"email": "new@example.com"})
    assert changed.json()["emailVerified"] is False
    told = {sent.to[0]: sent for sent in delivered()}
    assert {*told} == {ANN, "new@example.com"}
    assert told[ANN].subject == "Your address was changed"
    assert "new@example.com" not in told[ANN].body
    verify(token_in(told["new@example.com"].body))
    assert is_verified(User.objects.get())


def test_an_address_that_is_taken_away_is_told(ann):
    logged_in(ann).patch("/api/me", {"email": ""})
    assert [sent.to for sent in delivered()] == [[ANN]]


def test_letter_case_makes_no_other_address(ann):
    verifying.verify(token=verifying.token(ann))
    assert logged_in(ann).patch("/api/me", {"email": "Ann@Example.com"}).json()["emailVerified"]
    assert delivered() == []


def test_nobody_writes_that_it_is_verified(ann):
    app = logged_in(ann)
    app.patch("/api/me", {"emailVerified": True})
    app.patch("/api/me", {"verifiedEmail": ANN})
    assert not is_verified(ann)


def test_an_address_changed_behind_our_back_is_not_verified(ann):
    verifying.verify(token=verifying.token(ann))
    User.objects.update(email="other@example.com")
    assert not is_verified(User.objects.get())


def test_the_mail_is_sent_again_three_times_an_hour(ann):
    app, start = logged_in(ann), clock.now()
    answers = []
    for minute in range(4):
        with time_machine.travel(start + timedelta(minutes=minute)):
            answers.append(app.post("/api/me/verify-email").status_code)
            assert len(delivered()) == (minute < 3)
    assert answers == [202, 202, 202, 429]


def test_nobody_fills_boxes_of_strangers_by_changing_their_own_address(ann):
    app, sent = logged_in(ann), 0
    for number in range(6):
        app.patch("/api/me", {"email": f"victim{number}@example.com"})
        sent += sum(mail.subject == "Is this your address?" for mail in delivered())
    assert sent == 3


def test_what_is_verified_is_asked_no_more(ann):
    verifying.verify(token=verifying.token(ann))
    assert logged_in(ann).post("/api/me/verify-email").status_code == 409


def test_without_mail_nothing_is_sent_or_kept(settings, ann):
    settings.EMAIL_URL = ""
    register()
    app = logged_in(ann)
    app.patch("/api/me", {"email": "new@example.com"})
    answer = app.post("/api/me/verify-email")
    assert (answer.status_code, answer.json()["code"]) == (409, "mail_is_off")
    assert not Mail.objects.exists()


def test_a_stranger_has_nothing_sent_again():
    assert APIClient().post("/api/me/verify-email").status_code == 401


def test_the_page_asks_before_it_verifies(ann):
    browser, path = Client(), f"/account/verify/{verifying.token(ann)}/"
    assert "Yes, it is mine" in browser.get(path).content.decode()
    assert not is_verified(User.objects.get())
    page = browser.post(path)
    assert "your address is verified" in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"
    assert is_verified(User.objects.get())
    assert browser.post("/account/verify/x/").status_code == 400


def test_a_card_comes_with_the_first_verified_address_where_it_is_so(settings):
    settings.REGISTRATION = "verified"
    register()
    assert not RfidCard.objects.exists()
    [sent] = delivered()
    for _ in range(2):
        verify(token_in(sent.body))
    card = RfidCard.objects.get()
    assert (card.user, card.label) == (User.objects.get(), "App")
    card.delete()
    eve = User.objects.get()
    people.change(user=eve, fields={"email": "eve@example.org"}, at=clock.now())
    verify(verifying.token(eve))
    assert is_verified(User.objects.get())
    assert not RfidCard.objects.exists()


@pytest.mark.parametrize("more", [{"is_staff": True}, {}])
def test_a_card_is_given_only_where_it_is_so_and_to_no_operator(settings, somebody, more):
    settings.REGISTRATION = "verified" if more else "account"
    verify(verifying.token(somebody(**more)))
    assert not RfidCard.objects.exists()
