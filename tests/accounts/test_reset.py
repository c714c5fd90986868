"""A link to a new password: good once, for a while, and while nothing else happened."""

from __future__ import annotations

from base64 import b32encode
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client
from rest_framework.test import APIClient

from cms.accounts import codes, passwords, people, resetting, tokens
from cms.accounts.models import User
from cms.accounts.tokens import NotValid
from cms.shared import audit, clock
from tests import apps
from tests.accounts.mailed import HERS, NEXT, Link, call, link_to, log_in, reset

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_is_on")]
ANN = "ann@example.com"


def refusal(link: Link) -> str:
    """How a link is refused; the password stays."""
    before = User.objects.get(username="ann").password
    answer = reset(link)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["token"])
    assert User.objects.get(username="ann").password == before
    return str(answer.content.decode())


def test_the_new_password_counts_and_the_old_one_no_more(ann):
    assert reset(link_to(ANN)).status_code == 204
    assert (log_in(HERS).status_code, log_in(NEXT).status_code) == (401, 200)


def test_a_link_is_good_once(ann):
    link = link_to(ANN)
    reset(link)
    assert "used already" in refusal(link)


def test_every_token_and_session_there_was_ends(ann):
    User.objects.update(is_staff=True)
    before, browser = log_in(HERS).json(), Client()
    browser.force_login(ann)
    assert browser.get("/admin/second-factor/").status_code == 200
    reset(link_to(ANN))
    assert call("refresh", {"refresh": before["refresh"]}).status_code == 401
    app = APIClient()
    app.credentials(HTTP_AUTHORIZATION=f"Bearer {before['access']}")
    assert app.get("/api/me").status_code == 401
    assert app.post("/graphql", {"query": "{ me { id } }"}, format="json").json()["errors"]
    with pytest.raises(NotValid):
        tokens.presented(before["access"])
    assert browser.get("/admin/second-factor/").status_code == 302


def test_a_link_ends_with_its_hour(ann):
    link = link_to(ANN)
    with time_machine.travel(clock.now() + timedelta(minutes=59)):
        assert resetting.find(uid=link.uid, token=link.token) == ann
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        refusal(link)


def test_a_link_ends_with_a_new_password(ann):
    link = link_to(ANN)
    passwords.assign(user=ann, new="another one 77")
    refusal(link)


def test_a_link_ends_with_a_login_of_an_app(ann):
    link = link_to(ANN)
    assert log_in(HERS).status_code == 200
    refusal(link)


def test_a_link_ends_with_a_login_in_the_admin(ann):
    link = link_to(ANN)
    Client().force_login(ann)
    refusal(link)


def test_a_link_ends_with_another_address(ann):
    link = link_to(ANN)
    people.change(at=clock.now(), user=ann, fields={"email": "ann@example.org"})
    refusal(link)


def test_who_was_shut_out_meanwhile_sets_no_password(ann):
    link = link_to(ANN)
    people.deactivate(user=ann)
    refusal(link)


def test_a_link_of_one_opens_no_account_of_another(ann, somebody):
    bob = somebody("bob")
    refusal(link_to(ANN)._replace(uid=str(bob.pk)))


def test_all_that_is_wrong_is_refused_alike(ann):
    link = link_to(ANN)
    said = {
        refusal(wrong)
        for wrong in (
            link._replace(token=link.token[:-1] + ("0" if link.token[-1] != "0" else "1")),
            link._replace(token="x" * 150),
            link._replace(token="é-½"),
            link._replace(token=f"zzzzzzzzzzzzzzz-{'0' * 32}"),
            link._replace(uid="99999999"),
            link._replace(uid="9" * 20),
            link._replace(uid="ann"),
            link._replace(uid="²"),
        )
    }
    assert len(said) == 1


def test_a_token_of_an_account_that_is_not_there_opens_none(ann):
    nobody = PasswordResetTokenGenerator().make_token(User())
    refusal(Link("99999999", nobody))


def test_a_token_made_elsewhere_opens_nothing(ann):
    generator = PasswordResetTokenGenerator()
    generator.secret = "another secret that is as long as ours is"
    refusal(Link(str(ann.pk), generator.make_token(ann)))


@pytest.mark.parametrize("new", ["password", "12345678901", "ann@example.com", "short"])
def test_a_password_that_is_guessed_is_refused_and_the_link_stays_good(ann, new):
    link = link_to(ANN)
    answer = reset(link, new)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["newPassword"])
    assert reset(link).status_code == 204


def test_what_is_missing_is_named():
    assert {*call("reset-password", {}).json()["fields"]} == {"uid", "token", "newPassword"}


def test_guessing_links_is_limited(ann):
    said = [reset(Link(str(ann.pk), f"d1b2c3-{number:032}")).status_code for number in range(11)]
    assert said == [400] * 10 + [429]


def test_the_second_factor_stays(ann):
    app = codes.new_app(ann)
    codes.confirm(ann, app.key, apps.digits(b32encode(app.bin_key).decode(), later=-1))
    reset(link_to(ANN))
    answer = log_in(NEXT)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["otp"])


def test_the_audit_trail_says_so(ann):
    reset(link_to(ANN))
    assert [entry.additional_data["said"] for entry in audit.of(ann)] == [
        "Set a new password by mail"
    ]
    assert not any(NEXT in str(entry.additional_data) for entry in audit.of(ann))
