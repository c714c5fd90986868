"""What drivers get is what the document says, and whatever they send is never a mistake of ours."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import jsonschema_rs
import pytest

from cms.accounts.models import User
from cms.api.docs import document
from cms.shared import clock
from rfid.models import RfidCard
from stations.models import Command
from stations.services import favourites, reservations
from tests.api.test_robustness import METHODS, VALUES, sent
from tests.api.test_schema import _nullable
from tests.drivers.conftest import logged_in
from tests.stations import given

OURS = (
    *("/api/me", "/api/users", "/api/auth/register"),
    *("/api/auth/forgot", "/api/auth/reset", "/api/auth/verify"),
)
MORE = (
    '{"name": "\\u202e", "email": "\\u0000", "zip": 5, "phone": [], "username": {}}',
    '{"groups": [{}, 5, null]}',
    '{"current": {}, "new": 5}',
    '{"current": "x", "new": "' + "y" * 2000 + '"}',
    '{"ocppIdentifier": "CP-1", "connectorId": 1, "limit": {"energyKwh": 1e400, "amount": "NaN"}}',
    '{"ocppIdentifier": "CP-1", "connectorId": 1, "limit": [], "tagId": "\\t"}',
    '{"ocppIdentifier": "CP-1", "connectorId": 1, "expiryDate": "9999-12-31T23:59:59Z"}',
    '{"siteId": 9223372036854775808}',
    '{"isActive": null, "isStaff": "perhaps", "password": null}',
)
pytestmark = [pytest.mark.once, pytest.mark.usefixtures("fresh_throttle")]


@pytest.fixture
def boss(db):
    """A superuser who charges, too: nothing is refused for want of a right."""
    user = User.objects.create_superuser("boss", password="x")
    given.a_card("BOSS-1", user=user)
    return user


@pytest.fixture
def there(boss, harbour):
    """What there is of theirs, by the names it has in paths."""
    number = given.begin(harbour, tag="BOSS-1").transaction_id
    given.meter(given.a_reading(harbour, number))
    at = clock.now()
    kept = reservations.reserve(
        station=harbour,
        connector_id=2,
        id_tag="BOSS-1",
        expires_at=at + timedelta(minutes=30),
        at=at,
        requested_by_id=boss.pk,
    )
    marked = favourites.mark(user_id=boss.pk, at=at, station=harbour)
    return {
        "cardId": RfidCard.objects.get(user=boss).pk,
        "transactionId": number,
        "commandId": Command.objects.latest("pk").pk,
        "reservationId": kept.pk,
        "favouriteId": marked.pk,
        "userId": boss.pk,
    }


def paths():
    return [path for path in document()["paths"] if path.startswith(OURS)]


@pytest.mark.parametrize("path", [path for path in paths() if "get" in document()["paths"][path]])
def test_real_answers_fit_their_description(boss, there, path):
    answer = logged_in(boss).get(path.format(**there))
    described = document()["paths"][path]["get"]["responses"]["200"]["content"]
    schema = {
        **_nullable(described["application/json"]["schema"]),
        "components": _nullable(document()["components"]),
    }
    assert answer.json()
    jsonschema_rs.validate(schema, answer.json())


@pytest.mark.parametrize("method", METHODS)
def test_no_path_fails_whatever_it_is_sent(boss, there, method):
    app = logged_in(boss)
    documented = document()["paths"]
    for path in paths():
        for body in sent(documented[path], method, *MORE):
            address = path.format(**there) + "?wait=0"
            response = app.generic(method.upper(), address, body, "application/json")
            assert response.status_code < 500, (method, path, body)


def test_no_list_fails_whatever_it_is_asked(boss, there):
    app = logged_in(boss)
    for path in paths():
        queries = document()["paths"][path].get("get", {}).get("parameters", ())
        for name in (each["name"] for each in queries if each["in"] == "query"):
            for value in VALUES:
                asked = f"{name}={quote(value, errors='surrogatepass')}"
                response = app.get(f"{path.format(**there)}?{asked}")
                assert response.status_code < 500, (path, asked)


def test_every_path_of_theirs_has_an_example_or_nothing_to_show():
    bare = [
        (path, method)
        for path in paths()
        for method, operation in document()["paths"][path].items()
        if "examples" not in str(operation) and "requestBody" in operation
    ]
    assert bare == []
