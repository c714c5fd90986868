"""Security events and stations' certificates over REST."""

from __future__ import annotations

import pytest

from stations.models import Command, ReviewCase, StationCertificate
from stations.services import issuing, keys, security_events, stations
from tests import pki
from tests.api.conftest import NOW


@pytest.fixture
def certificate(online) -> StationCertificate:
    """One that was signed for the station."""
    stations.connected(
        station_id=online.pk,
        connection_id="socket",
        protocol="ocpp1.6",
        at=NOW,
        proof=stations.Proof(None, 1),
    )
    assert issuing.requested(station_id=online.pk, csr=pki.request("CP_001"), at=NOW)
    issuing.issue_due(at=NOW)
    return StationCertificate.objects.get()


def tell(station, kind: str) -> None:
    report = security_events.Report(kind, NOW, "", "door")
    security_events.record(station_id=station.pk, report=report, at=NOW)


def test_events_are_listed_and_filtered(api, station):
    for kind in ("InvalidMessages", "TamperDetectionActivated"):
        tell(station, kind)
    newest, _ = api.get("/api/security-events").json()
    assert newest == {
        "id": newest["id"],
        "stationIdentifier": "CP_001",
        "type": "TamperDetectionActivated",
        "critical": True,
        "techInfo": "door",
        "happenedAt": newest["receivedAt"],
        "receivedAt": newest["receivedAt"],
        "timesSeen": 1,
    }
    for query, count in (
        ("critical=true", 1),
        ("type=invalidmessages", 1),
        ("station=cp_001", 2),
        ("receivedAfter=2030-01-01T00:00:00Z", 0),
    ):
        assert len(api.get(f"/api/security-events?{query}").json()) == count, query
    assert api.get("/api/security-events?station=NOBODY").status_code == 400


def test_a_critical_event_is_acknowledged_with_a_reason(api, station):
    tell(station, "TamperDetectionActivated")
    path = f"/api/review-cases/{ReviewCase.objects.get().pk}/acknowledge"
    assert api.post(path, {}, format="json").status_code == 400
    done = api.post(path, {"why": "an electrician"}, format="json").json()
    assert (done["resolution"], done["why"]) == ("Acknowledged", "an electrician")
    assert api.post(path, {"why": "again"}, format="json").status_code == 409


def test_a_certificate_says_where_it_stands(api, certificate):
    [row] = api.get("/api/certificates?station=CP_001&state=Issued").json()
    assert row == api.get(f"/api/certificates/{certificate.pk}").json()
    assert (row["keyKind"], row["commandId"]) == ("ECDSA", certificate.command_id)
    assert row["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert api.get("/api/certificates?endsBefore=2026-06-01T00:00:00Z").json() == []
    assert api.get("/api/certificates/999").status_code == 404
    [root] = api.get("/api/certificates/authorities").json()
    assert sorted(root) == ["certificate", "kind", "madeAt"]  # and no key


def test_a_certificate_is_revoked_once_by_who_may(api, reader, certificate):
    path = f"/api/certificates/{certificate.pk}/revoke"
    assert reader.post(path, {"why": "stolen"}, format="json").status_code == 403
    assert api.post(path, {}, format="json").status_code == 400
    row = api.post(path, {"why": "stolen"}, format="json").json()
    assert (row["state"], row["reason"]) == ("Revoked", "stolen")
    assert api.post(path, {"why": "again"}, format="json").status_code == 409


def test_a_new_key_is_sent_and_never_shown(api, reader, online, answers):
    path = "/api/stations/CP_001/key/rotate"
    assert reader.post(path, {}, format="json").status_code == 403
    assert api.post(path, {"authorizationKey": "short"}, format="json").status_code == 400
    answers({"status": "Accepted"})
    key = {"authorizationKey": "sixteen bytes ok"}
    done = api.post(path, key, format="json", HTTP_IDEMPOTENCY_KEY="a")
    assert (done.status_code, done.json()) == (200, {"status": "Accepted"})
    assert api.post(path, key, format="json", HTTP_IDEMPOTENCY_KEY="a").status_code == 200
    assert Command.objects.get().payload == {"key": "AuthorizationKey", "value": "***"}


def test_a_station_is_taken_to_a_higher_profile(api, reader, online, settings):
    settings.TLS_PORT = 1
    keys.set_key(station=online)
    path, body = "/api/stations/CP_001/security-profile", {"securityProfile": 2}
    assert reader.post(path, body, format="json").status_code == 403
    assert api.post(path, {"securityProfile": 1}, format="json").status_code == 400
    begun = api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="a")
    assert begun.status_code == 202
    row = begun.json()
    assert (row["fromProfile"], row["toProfile"], row["step"]) == (1, 2, "Profile")
    assert row["commandId"] == Command.objects.get().pk
    assert api.get(begun["Location"]).json() == row
    assert api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="a").json() == row
    assert api.post(path, body, format="json").status_code == 409
    assert api.get("/api/profile-upgrades?station=CP_001&outcome=Open").json() == [row]
    assert api.get("/api/profile-upgrades/999").status_code == 404


def test_root_certificates_in_stations_are_listed(api, online, answers):
    path = "/api/admin/CP_001/install-certificate"
    body = {"certificateType": "ManufacturerRootCertificate", "certificate": "none"}
    assert list(api.post(path, body, format="json").json()["fields"]) == ["certificate"]
    answers({"status": "Accepted"})
    root = pki.authority("A root")
    done = api.post(path, {**body, "certificate": root.pem}, format="json")
    assert done.json() == {"status": "Accepted"}
    [row] = api.get("/api/installed-certificates?station=CP_001&state=Installed").json()
    assert (row["certificateType"], row["subject"]) == (body["certificateType"], "CN=A root")
    assert row["certificate"] == root.pem
    none = "/api/installed-certificates?certificateType=CentralSystemRootCertificate"
    assert api.get(none).json() == []
