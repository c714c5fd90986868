"""The OpenAPI document says what the API does, and all of it."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import jsonschema_rs
import pytest
from django.core.management import call_command
from django.urls import get_resolver
from rest_framework.test import APIClient

from billing.services import periods
from ocpp_gateway.v16 import COMMANDS
from rfid.models import RfidCard
from stations.models import ConfigurationTemplate, ReviewCase, Site
from stations.services import (
    commands,
    configuration,
    local_lists,
    reservations,
    sessions,
    templates,
)
from tests.api.conftest import NOW, charge
from tests.billing import charging, invoicing

pytestmark = pytest.mark.once  # the document is of no engine

COMMAND_CODES = {"200", "202", "400", "401", "403", "404", "409", "502", "504"}
NOT_DESCRIBED = {"/api/", "/api/schema", "/api/docs"}


@pytest.fixture(scope="module")
def document() -> dict:
    found: dict = APIClient().get("/api/schema").json()
    return found


def operations(document: dict) -> list[tuple[str, str, dict]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_made_without_a_warning():
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_every_path_is_described(document):
    routes = [
        "/api/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        for pattern in get_resolver("cms.api.urls").url_patterns
        if pattern.name
    ]
    camel = {re.sub(r"_(\w)", lambda match: match[1].upper(), path) for path in routes}
    assert camel - NOT_DESCRIBED == set(document["paths"])


def test_every_command_is_described_with_its_payload_and_answer(document):
    for action, route in COMMANDS.items():
        for path in route.path:
            operation = document["paths"][f"/api/admin/{{cpId}}/{path}"]["post"]
            assert operation["summary"] == action
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            assert body["type"] == "object"
            assert set(operation["responses"]) >= COMMAND_CODES
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert answer["type"] == "object"


def test_what_the_caller_may_leave_out_is_said(document):
    def body(path: str) -> dict:
        operation = document["paths"][f"/api/admin/{{cpId}}/{path}"]["post"]
        described: dict = operation["requestBody"]["content"]["application/json"]
        found: dict = described["schema"]
        return found

    assert "required" not in body("reset")
    assert body("reset")["properties"]["type"]["default"] == "Soft"
    assert "reservationId" not in body("reserve-now")["properties"]
    assert body("reserve-now")["required"] == ["connectorId", "expiryDate", "idTag"]
    assert body("start-transaction")["required"] == ["idTag"]


def test_both_ways_to_authenticate_are_described(document):
    schemes = document["components"]["securitySchemes"]
    assert schemes["apiKey"]["name"] == "Authorization"
    assert schemes["xApiKey"]["name"] == "X-API-Key"
    assert schemes["jwtAuth"]["scheme"] == "bearer"
    for path, _, operation in operations(document):
        if path.startswith(("/api/auth/", "/api/payments/webhooks/", "/api/stats")):
            assert not operation.get("security")
        elif path.startswith("/api/me"):  # keys have nothing of their own
            assert [*operation["security"][0]] == ["jwtAuth"]
            assert {"apiKey": []} not in operation["security"]
        else:
            assert {"apiKey": []} in operation["security"]
            assert {"jwtAuth": []} in operation["security"]


FAMILIES = {
    "/api/charger/": "Refusal",
    "/api/charging-session/": "Refusal",
    "/api/wallet/refund": "RefundRefusal",
}


def refusal_of(path: str) -> str:
    """The form of refusals there: our own, but of what a prior system's programs call."""
    return next((form for start, form in FAMILIES.items() if path.startswith(start)), "Error")


def test_every_refusal_has_the_form_of_its_paths(document):
    for path, method, operation in operations(document):
        form = refusal_of(path)
        for code in set(operation["responses"]) & {"400", "401", "403", "404", "409", "429"}:
            content = operation["responses"][code]["content"]["application/json"]
            assert content["schema"] == {"$ref": f"#/components/schemas/{form}"}, (path, method)


def test_every_name_is_camel_case(document):
    for name, schema in document["components"]["schemas"].items():
        for member in schema.get("properties", {}):
            assert re.fullmatch(r"[a-z][A-Za-z0-9]*", member), (name, member)


def test_operation_ids_are_unique(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "path",
    [
        "/api/stations",
        "/api/stations/{cpId}",
        "/api/stations/{cpId}/configuration",
        "/api/stations/{cpId}/configuration/history",
        "/api/stations/{cpId}/configuration/read",
        "/api/stations/{cpId}/configuration/diff",
        "/api/stations/{cpId}/local-list",
        "/api/local-lists",
        "/api/configuration-templates",
        "/api/configuration-templates/{templateId}",
        "/api/batches",
        "/api/batches/{batchId}",
        "/api/batches/{batchId}/items",
        "/api/stations/connected/list",
        "/api/sessions",
        "/api/sessions/{transactionId}",
        "/api/sessions/{transactionId}/meter-values",
        "/api/sessions/{transactionId}/cost",
        "/api/tariffs",
        "/api/tariffs/{tariffId}",
        "/api/tariffs/{tariffId}/versions",
        "/api/tariffs/{tariffId}/assignments",
        "/api/sessions/station/{cpId}",
        "/api/rfid",
        "/api/rfid/{tagId}",
        "/api/reservations",
        "/api/commands",
        "/api/commands/{commandId}",
        "/api/review-cases",
        "/api/review-cases/{caseId}",
        "/api/charging-history",
        "/api/wallet",
        "/api/billing-periods",
        "/api/billing-periods/{number}",
        "/api/wallet/postings",
        "/api/wallet/statement",
        "/api/invoices",
        "/api/invoices/{invoiceId}",
        "/api/invoices/{invoiceId}/lines",
        "/api/reports/billing",
        "/api/reports/billing/exports",
        "/api/reports/billing/exports/{exportId}",
        "/api/payments",
        "/api/payments/{paymentId}",
        "/api/payments/{paymentId}/refunds",
        "/api/markers",
        "/api/sites/{siteId}",
        "/api/charger/by-device/{deviceId}",
        "/api/charger/{deviceId}/active-sessions",
    ],
)
def test_real_answers_fit_their_description(api: APIClient, user, online, document, path):
    api.post("/api/rfid", {"tagId": "RFID_001"}, format="json")
    tariff = charging.everywhere()
    transaction_id = charge(online, readings=2)
    orphan = sessions.Stop(4711, NOW, 5000)
    sessions.end(station_id=online.pk, stop=orphan, at=NOW)
    setting = configuration.Setting("A", "1", False)
    configuration.read(station_id=online.pk, settings=[setting], at=NOW)
    other = configuration.Setting("A", "2", False)
    configuration.read(station_id=online.pk, settings=[other], at=NOW)
    template = ConfigurationTemplate.objects.create(name="T", settings={"A": "1"})
    batch = templates.apply(template=template, stations=[online], at=NOW)
    local_lists.choose(station=online, policy="All", groups=[], at=NOW)
    reservations.reserve(
        station=online, connector_id=1, id_tag="A", expires_at=NOW + timedelta(hours=1), at=NOW
    )
    command = commands.request(station=online, action="ClearCache", payload={}, at=NOW)
    export = api.post("/api/reports/billing/exports", {"format": "csv"}, format="json").json()
    RfidCard.objects.update(user=user)
    api.post("/api/wallet/top-up", {"amount": 5}, format="json", HTTP_IDEMPOTENCY_KEY="k")
    cash = {"amount": 5, "provider": "cash"}
    paid = api.post("/api/payments", cash, format="json", HTTP_IDEMPOTENCY_KEY="k").json()
    back = {"amount": 1, "reason": "cable"}
    refunds = f"/api/payments/{paid['id']}/refunds"
    api.post(refunds, back, format="json", HTTP_IDEMPOTENCY_KEY="k")
    names = {
        "cpId": "CP_001",
        "deviceId": "CP_001",
        "transactionId": transaction_id,
        "tagId": "RFID_001",
        "commandId": command.pk,
        "caseId": ReviewCase.objects.get().pk,
        "templateId": template.pk,
        "batchId": batch.pk,
        "tariffId": tariff.pk,
        "invoiceId": an_invoice(online),
        "exportId": export["id"],
        "number": periods.close(scope=periods.month(2020, 1, "UTC"), key="k", at=NOW).number,
        "paymentId": paid["id"],
        "siteId": a_site(online),
    }
    response = api.get(path.format(**names))
    described = document["paths"][path]["get"]["responses"]["200"]["content"]
    schema = {
        **_nullable(described["application/json"]["schema"]),
        "components": _nullable(document["components"]),
    }
    jsonschema_rs.validate(schema, response.json())
    assert response.json()


def a_site(station) -> int:
    """The number of a site on the map where the station stands."""
    made = Site.objects.create(name="Harbour", latitude=52, longitude=13)
    type(station).objects.filter(pk=station.pk).update(site=made)
    return made.pk


def an_invoice(station) -> int:
    """The number of an invoice of one session."""
    invoicing.an_issuer()
    driver = invoicing.a_driver("driver", "DRIVER")
    invoicing.billed(station, tag="DRIVER")
    [made] = invoicing.issued(name=driver.username)
    return made.pk


def _nullable(node):
    """OpenAPI 3.0 as JSON Schema: ``nullable`` is its own word for "or null"."""
    if isinstance(node, list):
        return [_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _nullable(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if node.get("nullable") is True else inner


def test_a_list_says_where_the_next_page_is_told(document):
    for path in ("/api/stations", "/api/sessions", "/api/rfid", "/api/commands"):
        operation = document["paths"][path]["get"]
        assert "Link" in operation["responses"]["200"]["headers"]
        assert {"limit", "cursor"} <= {p["name"] for p in operation["parameters"]}


@pytest.mark.django_db
def test_the_document_comes_as_yaml_too():
    response = APIClient().get("/api/schema?format=yaml")
    assert response.status_code == 200
    assert response.content.startswith(b"openapi: 3.0")


@pytest.mark.django_db
def test_the_documentation_is_a_page_from_our_own_server():
    page = APIClient().get("/api/docs").content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert any("swagger-ui-bundle.js" in source for source in sources)
    assert all(source.startswith(("/static/", "/api/docs")) for source in sources)
    start = next(source for source in sources if source.startswith("/api/docs"))
    assert "/api/schema" in APIClient().get(start).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "there"),
    [("/", "/admin/"), ("/admin", "/admin/"), ("/api", "/api/docs"), ("/api/", "/api/docs")],
)
def test_short_addresses_lead_on(client, path, there):
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"] == there
