"""Whose account has another password or address hears of it, wherever that was done."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from cms.accounts.models import Mail, User
from tests.accounts.mailed import HERS, NEXT, delivered, link_to, log_in, reset
from tests.drivers.conftest import logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_is_on")]
CHANGED, MOVED, ASKED = (
    *("Your password was changed", "Your address was changed", "Is this your address?"),
)


@pytest.fixture
def root():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", HERS))
    return client


def told():
    """Who was told what."""
    return sorted((*mail.to, mail.subject) for mail in delivered())


def page(user, name="change"):
    return reverse(f"admin:{name}", args=[user.pk])


def test_who_changes_their_password_is_told(ann):
    said = {"current": HERS, "new": NEXT}
    assert logged_in(ann).post("/api/me/password", said, format="json").status_code == 204
    [sent] = delivered()
    assert (sent.to, sent.subject) == (["ann@example.com"], CHANGED)
    assert "The account ann@example.com at" in sent.body
    assert NEXT not in sent.body


def test_who_sets_a_forgotten_password_is_told(ann):
    reset(link_to("ann@example.com"))
    assert told() == [("ann@example.com", CHANGED)]


def test_who_is_given_one_by_an_operator_is_told(ann, root):
    root.post(page(ann, "auth_user_password_change"), {"password1": NEXT, "password2": NEXT})
    ann.refresh_from_db()
    assert ann.check_password(NEXT)
    assert told() == [("ann@example.com", CHANGED)]


def test_a_new_account_is_told_nothing(ann):
    assert told() == []


def test_a_hash_that_is_only_renewed_is_no_change(ann, settings):
    hashers = "django.contrib.auth.hashers"
    settings.PASSWORD_HASHERS = [f"{hashers}.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    assert log_in(HERS).status_code == 200
    assert User.objects.get(pk=ann.pk).password.startswith("pbkdf2_sha256$")
    assert told() == []


def test_who_has_no_address_is_told_nothing(somebody):
    bob = somebody("bob", email="")
    change(bob)
    assert not Mail.objects.exists()


def change(user, times=1):
    for _ in range(times):
        user.set_password(NEXT)
        user.save()


def test_who_has_an_address_that_looks_alike_keeps_no_word_from_them(somebody):
    ann = somebody("ann", verified_email="ann@example.com")
    change(somebody("mallory", email="ann@\uff45xample.com"), times=4)
    change(ann)
    assert ("ann@example.com", CHANGED) in told()


def test_of_two_accounts_with_one_verified_address_each_is_named(somebody):
    for name in ("ann", "annie"):
        change(somebody(name, email="ann@example.com", verified_email="ann@example.com"))
    texts = sorted(mail.body.split(" at ")[0] for mail in delivered())
    assert texts == ["The account ann", "The account annie"]


def test_an_address_nobody_verified_reads_no_name_somebody_chose(somebody):
    change(somebody("visit-evil.example", email="stranger@example.com"))
    [sent] = delivered()
    assert "visit-evil" not in sent.body


def test_where_no_mail_is_sent_none_is_kept(ann, settings):
    settings.EMAIL_URL = ""
    change(ann)
    assert not Mail.objects.exists()


def test_an_address_an_operator_writes_is_told_of_as_ones_own(ann, root):
    form = root.get(page(ann, "accounts_user_change")).context["adminform"].form
    said = {name: value for name, value in form.initial.items() if isinstance(value, str)}
    said |= {"username": "ann", "email": "anna@example.com", "is_active": "on", **_inlines()}
    said |= {"date_joined_0": "2025-01-01", "date_joined_1": "12:00:00"}
    answer = root.post(page(ann, "accounts_user_change"), said)
    assert answer.status_code == 302, answer.context["errors"]
    assert told() == [("ann@example.com", MOVED), ("anna@example.com", ASKED)]


def _inlines():
    names = ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")
    return {f"site_limits-{name}_FORMS": "0" for name in names}


def test_the_page_says_whether_the_address_is_verified(ann, root):
    assert "E-mail verified" in root.get(page(ann, "accounts_user_change")).content.decode()
