"""Who may call the API, and with what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from rest_framework.test import APIClient
from rest_framework_simplejwt.state import token_backend

from cms.accounts import keys
from cms.accounts.models import ApiKey, Scope, User
from cms.shared import clock
from stations.models import ChargingStation
from tests.api.conftest import NOW, caller

LOGIN = {"username": "ada", "password": "correct horse"}


@pytest.fixture(autouse=True)
def fresh_throttle() -> None:
    """No test pays for the logins of another."""
    cache.clear()


def with_token(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def staff(*permissions: str) -> APIClient:
    """An operator with exactly these permissions, logged in by session."""
    user = User.objects.create_user("operator", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = APIClient()
    client.force_login(user)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["stations", "sessions", "rfid", "reservations", "commands", "stations/connected/list"],
)
def test_nobody_reads_without_authentication(path):
    response = APIClient().get(f"/api/{path}")
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"
    assert "Api-Key" in response["WWW-Authenticate"]


@pytest.mark.django_db
def test_development_lets_anybody_read_but_not_change(settings):
    settings.DEBUG = True
    assert APIClient().get("/api/stations").status_code == 200
    assert APIClient().post("/api/rfid", {"tagId": "A"}, format="json").status_code == 401


def test_a_key_is_taken_in_either_header(user):
    _, key = keys.create(name="x", user=user, scopes=["read"], at=NOW)
    assert APIClient().get("/api/rfid", HTTP_AUTHORIZATION=f"Api-Key {key}").status_code == 200
    assert APIClient().get("/api/rfid", HTTP_AUTHORIZATION=f"api-key {key}").status_code == 200
    assert APIClient().get("/api/rfid", HTTP_X_API_KEY=key).status_code == 200


@pytest.mark.parametrize("damage", ["x", "", ".", "é"])
def test_a_wrong_key_is_refused(user, damage):
    _, key = keys.create(name="x", user=user, scopes=["read"], at=NOW)
    wrong = key[:-1] + damage if damage == "x" else damage
    response = APIClient().get("/api/rfid", HTTP_X_API_KEY=wrong)
    assert response.status_code == 401
    assert response.json()["code"] == "authentication_failed"


def test_an_expired_key_is_refused(user):
    at = clock.now()
    _, key = keys.create(name="x", user=user, scopes=["read"], at=at, expires_at=at)
    assert APIClient().get("/api/rfid", HTTP_X_API_KEY=key).status_code == 401


def test_a_revoked_key_is_refused(user):
    row, key = keys.create(name="x", user=user, scopes=["read"], at=NOW)
    keys.revoke(row, at=NOW)
    assert APIClient().get("/api/rfid", HTTP_X_API_KEY=key).status_code == 401


def test_the_key_of_a_deactivated_user_is_refused(user):
    _, key = keys.create(name="x", user=user, scopes=["read"], at=NOW)
    User.objects.update(is_active=False)
    assert APIClient().get("/api/rfid", HTTP_X_API_KEY=key).status_code == 401


def test_the_use_of_a_key_is_noted(user, reader):
    reader.get("/api/rfid")
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None
    assert clock.now() - noted < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("read", "get", "stations"),
        ("write", "post", "rfid"),
        ("write", "post", "rfid/A/block"),
        ("write", "post", "reservations"),
        ("write", "put", "stations/CP_001"),
        ("write", "post", "stations/CP_001/key"),
        ("money", "post", "wallet/top-up"),
        ("gateway", "post", "charger/ensure"),
        ("gateway", "get", "charger/by-device/CP_001"),
        ("control", "post", "admin/CP_001/reset"),
        ("control", "post", "admin/CP_001/reserve-now"),
    ],
)
def test_each_scope_opens_only_its_own(user, scope, method, path):
    for presented in Scope.values:
        response = getattr(caller(user, presented), method)(f"/api/{path}", {}, format="json")
        if presented == scope:
            assert response.status_code not in (401, 403)
        else:
            assert response.status_code == 403
            assert response.json()["error"] == f"This API key lacks the scope {scope}."


def test_either_of_two_scopes_opens_what_says_so(user):
    for presented in Scope.values:
        response = caller(user, presented).post("/api/wallet/refund", {}, format="json")
        assert (response.status_code == 403) == (presented not in ("money", "gateway"))
    assert response.status_code == 400


@pytest.mark.django_db
def test_a_login_gives_tokens_that_open_the_api():
    User.objects.create_superuser("ada", password="correct horse")
    pair = APIClient().post("/api/auth/token", LOGIN, format="json")
    assert pair.status_code == 200
    assert set(pair.json()) == {"access", "refresh", "accessExpiresAt"}
    assert clock.parse(pair.json()["accessExpiresAt"]) > clock.now()
    assert with_token(pair.json()["access"]).get("/api/stations").status_code == 200


def test_a_token_says_who_one_is(user):
    user.first_name, user.last_name, user.email = "Ada", "Byron", "ada@example.com"
    user.save()
    said = {"username": "ada", "password": "correct horse"}
    pair = APIClient().post("/api/auth/token", said, format="json").json()
    refreshed = APIClient().post("/api/auth/refresh", {"refresh": pair["refresh"]}, format="json")
    for token in (pair["access"], refreshed.json()["access"]):
        claims = token_backend.decode(token)
        shown = {name: claims[name] for name in ("sub", "username", "name", "email")}
        assert shown == {
            "sub": str(user.pk),
            "username": "ada",
            "name": "Ada Byron",
            "email": "ada@example.com",
        }


def test_a_wrong_password_is_refused(user):
    wrong = {**LOGIN, "password": "battery staple"}
    response = APIClient().post("/api/auth/token", wrong, format="json")
    assert response.status_code == 401
    assert response.json()["error"]


@pytest.mark.django_db
def test_a_login_without_a_password_names_the_field():
    response = APIClient().post("/api/auth/token", {"username": "ada"}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["password"]


def test_guessing_passwords_is_slowed_down(user):
    codes = [
        APIClient().post("/api/auth/token", {**LOGIN, "password": str(n)}, format="json")
        for n in range(11)
    ]
    assert [response.status_code for response in codes] == [401] * 9 + [429] * 2
    assert int(codes[-1]["Retry-After"]) > 0
    assert codes[-1].json()["code"] == "throttled"


def test_guessing_is_not_made_possible_by_naming_other_addresses(user):
    last = None
    for number in range(21):
        last = APIClient().post(
            "/api/auth/token",
            {**LOGIN, "password": "x"},
            format="json",
            HTTP_X_FORWARDED_FOR=f"10.0.0.{number}",
        )
    assert last is not None
    assert last.status_code == 429


def test_a_refresh_token_works_once(user):
    refresh = APIClient().post("/api/auth/token", LOGIN, format="json").json()["refresh"]
    first = APIClient().post("/api/auth/refresh", {"refresh": refresh}, format="json")
    assert first.status_code == 200
    assert first.json()["refresh"] != refresh
    again = APIClient().post("/api/auth/refresh", {"refresh": refresh}, format="json")
    assert again.status_code == 401
    assert again.json()["code"] == "token_not_valid"


def test_a_refresh_token_ends_with_the_logout(user):
    refresh = APIClient().post("/api/auth/token", LOGIN, format="json").json()["refresh"]
    assert (
        APIClient().post("/api/auth/logout", {"refresh": refresh}, format="json").status_code == 204
    )
    again = APIClient().post("/api/auth/refresh", {"refresh": refresh}, format="json")
    assert again.status_code == 401


def test_the_refresh_token_of_a_deleted_user_is_refused(user):
    refresh = APIClient().post("/api/auth/token", LOGIN, format="json").json()["refresh"]
    user.delete()
    again = APIClient().post("/api/auth/refresh", {"refresh": refresh}, format="json")
    assert again.status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["nonsense", "a.b.c", ""])
def test_a_token_that_is_none_is_refused(token):
    response = with_token(token).get("/api/stations")
    assert response.status_code == 401
    assert isinstance(response.json()["error"], str)


def test_a_driver_may_not_use_the_operators_api(user):
    access = APIClient().post("/api/auth/token", LOGIN, format="json").json()["access"]
    assert with_token(access).get("/api/stations").status_code == 403


@pytest.mark.django_db
def test_an_operator_may_what_the_permissions_say(station: ChargingStation):
    client = staff("view_chargingstation", "change_chargingstation")
    assert client.get("/api/stations").status_code == 200
    change = client.patch("/api/stations/CP_001", {"name": "Gate"}, format="json")
    assert change.status_code == 200
    refused = client.delete("/api/stations/CP_001")
    assert refused.status_code == 403
    assert refused.json()["error"] == ("You lack the permission stations.delete_chargingstation.")


@pytest.mark.django_db
def test_a_viewer_may_not_reset_a_station(online: ChargingStation):
    client = staff("view_chargingstation", "view_command")
    assert client.post("/api/admin/CP_001/reset?wait=0", {}, format="json").status_code == 403


@pytest.mark.django_db
def test_an_operator_may_reset_a_station(online: ChargingStation):
    client = staff("add_command")
    assert client.post("/api/admin/CP_001/reset?wait=0", {}, format="json").status_code == 202


@pytest.mark.django_db
def test_a_browser_session_needs_the_csrf_token(online: ChargingStation):
    root = User.objects.create_superuser("root", password="x")
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(root)
    response = client.post("/api/admin/CP_001/reset?wait=0", {}, format="json")
    assert response.status_code == 403
    assert "CSRF" in response.json()["error"]
