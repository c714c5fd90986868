"""Whatever a caller sends to whatever path: it is never answered with a mistake of ours."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from cms.api.docs import document
from rfid.services import cards
from stations.models import ConfigurationTemplate, ReviewCase, StationCertificate
from stations.services import assignments, commands, sessions, templates
from tests.api.conftest import NOW, charge
from tests.billing import charging, given, paying
from tests.stations import given_profiles

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
BODIES = (
    "",
    "{}",
    "[]",
    "null",
    '{"connectorId": 1e400}',
    '{"connectorId": -9223372036854775808, "idTag": "", "expiryDate": "9999-12-31T23:59:59Z"}',
    '{"idTag": {"a": [1, {"b": null}]}, "ocppIdentifier": ["x"]}',
    '{"reservationId": 18446744073709551615}',
    '{"reservationId": 4294967296}',
    '{"ocppIdentifier": "CP_001", "connectorId": true, "transactionId": 4294967296, "siteId": {}}',
    '{"tagId": "\\u202e<script>", "userId": [], "validFrom": 5, "reason": {"x": 1}, "key": "\\t"}',
    '{"firmware": 99999999999999999999, "retries": 4294967296}',
    '{"firmware": {"image": true, "location": ""}, "requestId": -1, "logType": "SecurityLog"}',
    '{"logType": "SecurityLog", "log": 5, "startTime": "never", "location": "x"}',
    '{"stackLevel": 1e400, "name": "\\u0000", "chargingSchedule": {"duration": [{}]}}',
    '{"securityProfile": 1e308, "why": "\\u0000", "authorizationKey": "sixteen\\u0000letters!"}',
    '{"securityProfile": 3, "certificate": "\\ud800", "certificateType": "x", "why": " "}',
    '{"profileId": [], "chargingProfileId": 1e308, "idTag": "A", "csChargingProfiles": null}',
    '{"amount": 1e300, "customerId": {}, "companyId": 9223372036854775808, "currency": "\\u0000"}',
    '{"refundAmount": "NaN", "customerId": "9223372036854775808", "sessionId": []}',
    '{"refundAmount": 1, "customerId": "ada", "sessionId": "1", "amountDeducted": "Infinity"}',
    '{"amount": 1, "provider": "stripe", "purpose": "Session", "transactionId": 4294967296}',
    '{"amount": "1e30", "provider": "cash", "cpId": "\\u0000", "companyId": -1, "reason": []}',
    '{"deviceId": "\\u202e", "connectorCount": 1e300, "status": "online", "vendor": "\\ud800"}',
    '{"deviceId": "X", "connectorCount": 51, "message": "Response", "raw": [3, [], {}]}',
    '{"message": "Heartbeat", "messageId": "1", "raw": [4], "timestamp": "9999-12-31T23:59:59Z"}',
    '{"meterEnd": 1e308, "endTime": "0001-01-01T00:00:00", "energyConsumed": "Infinity"}',
    '{"key": ["' + "x" * 100 + '"], "value": 1e308, "authorizationKey": "\\u00e9\\u00e9"}',
)
VALUES = (
    "",
    "\x00",
    "x" * 3000,
    "-1",
    "9" * 30,
    "NaN",
    "1e5",
    "ä",
    "%",
    "[]",
    "true",
    "\ud800",
    "²",
)


@pytest.fixture
def names(online) -> dict[str, object]:
    """What there is, by the names it has in paths."""
    cards.create(id_tag="RFID_001")
    sessions.authorize(station_id=online.pk, id_tag="NOBODY", at=NOW)
    command = commands.request(station=online, action="ClearCache", payload={}, at=NOW)
    template = ConfigurationTemplate.objects.create(name="T", settings={"A": "1"})
    batch = templates.apply(template=template, stations=[online], at=NOW)
    profile = given_profiles.named()
    assigned = assignments.assign(
        profile=profile, station=online, connector_id=1, asker=assignments.Asker(NOW)
    )
    tariff = charging.everywhere()
    payment = paying.begun(given.a_user("till"), "5", provider="cash")
    return {
        "tariffId": tariff.pk,
        "invoiceId": 1,
        "number": 1,
        "certificateId": StationCertificate.objects.create(station=online, requested_at=NOW).pk,
        "upgradeId": 1,
        "exportId": 1,
        "quirkId": 1,
        "templateId": template.pk,
        "batchId": batch.pk,
        "cpId": "CP_001",
        "deviceId": "CP_001",
        "sessionId": "1",
        "tagId": "RFID_001",
        "transactionId": charge(online, readings=1),
        "commandId": command.pk,
        "reservationId": 1,
        "caseId": ReviewCase.objects.get(id_tag="NOBODY").pk,
        "imageId": 1,
        "updateId": 1,
        "requestId": 1,
        "transferId": 1,
        "profileId": profile.pk,
        "assignmentId": assigned.pk,
        "paymentId": payment.pk,
        "correctionId": 1,
        "siteId": 1,
        "cardId": 1,
        "userId": 1,
        "favouriteId": 1,
    }


def sent(operations, method, *more):
    """What to send to a path with these; hardly any where no body is read."""
    is_read = method in operations and method != "get"
    return (*BODIES, *more) if is_read else BODIES[:2]


@pytest.mark.parametrize("method", METHODS)
def test_no_path_fails_whatever_it_is_sent(api: APIClient, names, method):
    for path, operations in document()["paths"].items():
        for body in sent(operations, method):
            address = path.format(**names) + "?wait=0"
            response = api.generic(method.upper(), address, body, "application/json")
            assert response.status_code < 500, (method, path, body)


def test_no_list_fails_whatever_it_is_asked(api: APIClient, names):
    for path, methods in document()["paths"].items():
        queries = [p["name"] for p in methods.get("get", {}).get("parameters", ())]
        for name in queries:
            for value in VALUES:
                asked = f"{name}={quote(value, errors='surrogatepass')}"
                response = api.get(f"{path.format(**names)}?{asked}")
                assert response.status_code < 500, (path, asked)
