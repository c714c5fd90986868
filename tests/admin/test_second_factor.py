"""The second factor: set up on one's own page, asked for at the login, reset by others."""

from __future__ import annotations

import re
from base64 import b32decode
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps as django_apps
from django.contrib.auth.models import Group
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from cms.accounts import codes
from cms.accounts.models import User
from cms.accounts.second_factor import SecondFactorWhereRequired
from cms.shared import audit
from tests import apps
from tests.admin.dialogs import press

PAGE = "/admin/second-factor/"
LOGIN, HOME = "/admin/login/", "/admin/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    """Somebody who may work in the admin."""
    return User.objects.create_user("ada", password="correct horse", is_staff=True)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())


def enrol(user: User) -> tuple[str, list[str]]:
    """Set the app up on the page; gives its secret and the recovery codes."""
    client = browser_of(user)
    page = text_of(client.get(PAGE))
    secret = re.findall(r"<code>([A-Z2-7 ]{39})</code>", page)[0]
    app = re.findall(r'name="app" value="([^"]+)"', page)[0]
    filled = {"do": "confirm", "app": app, "code": apps.digits(secret, later=-1)}
    said = text_of(client.post(PAGE, filled))
    return secret, re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", said)


def log_in(code: str, name: str = "ada") -> tuple[Client, Any]:
    """Both steps of the login page; gives the browser and what the second one said."""
    client = Client()
    first = client.post(LOGIN, {"username": name, "password": "correct horse", "next": HOME})
    half = re.findall(r'name="half" value="([^"]+)"', text_of(first))[0]
    return client, client.post(LOGIN, {"half": half, "otp": code, "next": HOME})


def test_who_has_none_logs_in_with_the_password_alone(ada):
    said = Client().post(LOGIN, {"username": "ada", "password": "correct horse", "next": HOME})
    assert said.status_code == 302


def test_the_page_draws_the_secret_and_shows_its_letters(ada):
    page = text_of(browser_of(ada).get(PAGE))
    assert "<svg" in page.split('class="vd-scan"')[1].split("<code>")[0]
    assert "otpauth" not in page  # in the picture only


def test_a_wrong_code_sets_nothing_up(ada):
    client = browser_of(ada)
    app = re.findall(r'name="app" value="([^"]+)"', text_of(client.get(PAGE)))[0]
    said = text_of(client.post(PAGE, {"do": "confirm", "app": app, "code": "000000"}))
    assert "not the one of the app" in said
    assert codes.enrolled(ada) is None


def test_who_has_one_is_asked_for_the_code(ada):
    secret, _ = enrol(ada)
    client, said = log_in(apps.digits(secret))
    assert said.status_code == 302
    assert client.get(HOME).status_code == 200


def test_a_password_alone_lets_nobody_in(ada):
    enrol(ada)
    client = Client()
    said = client.post(LOGIN, {"username": "ada", "password": "correct horse", "next": HOME})
    assert "Now the code" in text_of(said)
    assert client.get(HOME).status_code == 302


def test_a_wrong_code_lets_nobody_in(ada):
    enrol(ada)
    client, said = log_in("123456")
    assert "The code is wrong" in text_of(said)
    assert client.get(HOME).status_code == 302


def test_a_code_is_good_once(ada):
    secret, _ = enrol(ada)
    code = apps.digits(secret)
    assert log_in(code)[1].status_code == 302
    assert "used already" in text_of(log_in(code)[1])


def test_a_recovery_code_is_good_once(ada):
    _, recovery = enrol(ada)
    assert len(recovery) == codes.RECOVERY_CODES
    assert log_in(recovery[0].upper())[1].status_code == 302
    assert log_in(recovery[0])[1].status_code == 200
    assert codes.recovery_codes_left(ada) == codes.RECOVERY_CODES - 1


def test_what_was_signed_for_somebody_else_or_long_ago_is_worth_nothing(ada):
    secret, _ = enrol(ada)
    for half in ("forged", "W10:x:y"):
        said = Client().post(LOGIN, {"half": half, "otp": apps.digits(secret), "next": HOME})
        assert "It took too long" in text_of(said)


def test_wrong_codes_are_counted_as_wrong_passwords_are(ada, settings):
    settings.AXES_FAILURE_LIMIT = 3
    enrol(ada)
    said = [text_of(log_in("123456")[1]) for _ in range(3)]
    assert "Try again in 15 minutes" in said[-1]
    client = Client()
    first = client.post(LOGIN, {"username": "ada", "password": "correct horse"})
    assert "Try again in 15 minutes" in text_of(first)


def test_recovery_codes_are_kept_as_hashes(ada):
    _, recovery = enrol(ada)
    from django_otp.plugins.otp_static.models import StaticToken

    assert not StaticToken.objects.filter(token__in=[*recovery, recovery[0].replace("-", "")])


def test_it_is_switched_off_by_a_code_only(ada):
    _, recovery = enrol(ada)
    client = browser_of(ada)
    client.post(PAGE, {"do": "remove", "code": "000000"})
    assert codes.enrolled(ada)
    client.post(PAGE, {"do": "remove", "code": recovery[0]})
    assert codes.enrolled(ada) is None


def test_an_administrator_resets_it(ada, root):
    enrol(ada)
    press(root, "reset_second_factor", ada)
    assert codes.enrolled(ada) is None


def test_what_becomes_of_it_is_in_the_audit_trail(ada, root):
    enrol(ada)
    press(root, "reset_second_factor", ada)
    said = [entry.additional_data["said"] for entry in audit.of(ada)]
    assert said == ["Reset the second factor.", "Set up a second factor"]


def test_only_a_superuser_resets_that_of_a_superuser(ada, client_with):
    boss = User.objects.create_superuser("boss", password="correct horse")
    enrol(boss)
    client = client_with("accounts.change_user", "accounts.view_user")
    address = f"/admin/accounts/user/{boss.pk}/reset-second-factor"
    client.post(address, {"token": "6f1a9d0e-58a5-4f3b-9c0a-0d1f5ed1a001"})
    assert codes.enrolled(boss)


class Asked:
    """The middleware's question about a request of ``client`` for a page."""

    def __init__(self, rf: Any, settings: Any, user: User, path: str, name: str) -> None:
        settings.OTP_REQUIRED_ROLES = ["Finance", "superuser"]
        self.request = rf.get(path)
        self.request.user, self.request.session = user, {}
        self.request.resolver_match = type("Match", (), {"url_name": name})()
        middleware = SecondFactorWhereRequired(lambda request: None)
        self.answer: Any = middleware.process_view(self.request, None)


def test_a_role_may_need_one(ada, rf, settings):
    ada.groups.add(Group.objects.get(name="Finance"))
    assert Asked(rf, settings, ada, HOME, "index").answer["Location"] == PAGE
    assert Asked(rf, settings, ada, PAGE, "second_factor").answer is None
    assert Asked(rf, settings, ada, "/api/stations", "stations").answer.status_code == 403


def test_other_roles_need_none(ada, rf, settings):
    ada.groups.add(Group.objects.get(name="Support"))
    assert Asked(rf, settings, ada, HOME, "index").answer is None


def test_a_superuser_may_need_one(root, rf, settings):
    boss = User.objects.get(username="root")
    assert Asked(rf, settings, boss, HOME, "index").answer.status_code == 302


def stored(user: User) -> str:
    """What the database holds of the app's secret."""
    return str(TOTPDevice.objects.get(user=user).key)


def test_the_database_alone_does_not_know_the_secret_of_an_app(ada):
    secret, _codes = enrol(ada)
    known = b32decode(secret.replace(" ", ""))
    assert known.hex() not in stored(ada)
    assert stored(ada).startswith("sealed:")
    assert codes.enrolled(ada).bin_key == known


def test_a_secret_copied_into_the_row_of_another_opens_nothing(ada):
    secret, _codes = enrol(ada)
    eve = User.objects.create_user("eve")
    TOTPDevice.objects.create(user=eve, name="app", key=stored(ada))
    assert codes.check(eve, apps.digits(secret)) is None


def test_a_former_secret_key_still_opens_it_and_another_does_not(ada, settings):
    secret, _codes = enrol(ada)
    settings.SECRET_KEY, former = "another " * 10, settings.SECRET_KEY
    assert codes.check(ada, apps.digits(secret)) is None
    settings.SECRET_KEY_FALLBACKS = [former]
    assert codes.check(ada, apps.digits(secret)) is not None


def test_secrets_that_were_there_before_are_encrypted_and_may_be_opened_again(ada):
    row = TOTPDevice.objects.create(user=ada, name="app", key="00ff" * 10)
    migration = import_module("cms.accounts.migrations.0005_sealed_apps")
    migration.seal(django_apps, None)
    migration.seal(django_apps, None)
    assert stored(ada).startswith("sealed:")
    assert codes.enrolled(ada).bin_key.hex() == row.key
    migration.unseal(django_apps, None)
    assert stored(ada) == row.key
