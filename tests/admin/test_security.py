"""Security in the admin: events and certificates, and the dialogs that settle them."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from stations.models import (
    ChargingStation,
    Command,
    InstalledCertificate,
    ProfileUpgrade,
    ReviewCase,
    StationCertificate,
)
from stations.services import issuing, keys, security_events
from tests import pki
from tests.admin.dialogs import address, answer, behind, press
from tests.stations import talking


def test_a_critical_event_stands_in_the_log_and_the_queue(root, station):
    report = security_events.Report("TamperDetectionActivated", timezone.now(), "", "the door")
    security_events.record(station_id=station.pk, report=report, at=timezone.now())
    log = root.get(reverse("admin:stations_securityevent_changelist"), {"critical": "1"})
    assert "the door" in log.content.decode()
    case = ReviewCase.objects.get()
    page = root.get(reverse("admin:stations_reviewcase_change", args=[case.pk])).content.decode()
    assert "TamperDetectionActivated" in page
    assert "Discard" not in page
    press(root, "acknowledge", case, why="an electrician")
    case.refresh_from_db()
    assert (case.resolution, case.settled_by_name) == ("Acknowledged", "root")


def test_a_certificate_is_revoked_with_a_reason(root, station):
    ChargingStation.objects.update(connected_profile=2)
    csr = pki.request(station.cp_id)
    assert issuing.requested(station_id=station.pk, csr=csr, at=timezone.now())
    row = StationCertificate.objects.get()
    assert "It is asked for, not yet signed." in press(root, "revoke", row, why="too early")
    issuing.issue_due(at=timezone.now())
    assert "This field is required" in press(root, "revoke", row)
    press(root, "revoke", row, why="stolen")
    row.refresh_from_db()
    assert (row.state, row.reason, row.revoked_by.get_username()) == ("Revoked", "stolen", "root")


def test_a_key_is_changed_over_the_air_and_shown_to_nobody(root, station):
    assert "Waiting to be sent" in press(root, "rotate_key", station)
    command = Command.objects.get()
    assert command.payload["value"].startswith("sealed:")
    page = root.get(reverse("admin:stations_command_change", args=[command.pk])).content.decode()
    assert command.payload["value"] not in page
    answer(command)
    assert "the old one and the new one are taken" in behind(root, "details", station)


def test_a_profile_is_raised_step_by_step(root, station, settings):
    settings.TLS_PORT = 1
    keys.set_key(station=station)
    dialog = root.get(address("upgrade_profile", station)).content.decode()
    assert "2: password over TLS" in dialog
    assert "1: password<" not in dialog
    press(root, "upgrade_profile", station, profile="2")
    upgrade = ProfileUpgrade.objects.get()
    page = root.get(reverse("admin:stations_profileupgrade_change", args=[upgrade.pk]))
    assert "Telling it to change its profile" in page.content.decode()
    part = root.get(reverse("admin:stations_profileupgrade_steps", args=[upgrade.pk]))
    assert "hx-get" in part.content.decode()
    upgrade.outcome, upgrade.reason = "Failed", "ChangeConfiguration: Rejected"
    upgrade.save()
    part = root.get(reverse("admin:stations_profileupgrade_steps", args=[upgrade.pk]))
    assert "ChangeConfiguration: Rejected" in part.content.decode()
    assert "hx-get" not in part.content.decode()


def test_certificates_are_installed_and_deleted_again(root, station):
    known = {"kind": "ManufacturerRootCertificate"}
    assert "should be a certificate" in press(
        root, "install_certificate", station, certificate="x", **known
    )
    press(root, "install_certificate", station, certificate=pki.authority("A root").pem, **known)
    answer_as_gateway(station, {"status": "Accepted"})
    row = InstalledCertificate.objects.get()
    page = root.get(reverse("admin:stations_installedcertificate_changelist")).content.decode()
    assert "CN=A root" in page
    press(root, "remove", row)
    answer_as_gateway(station, {"status": "Accepted"})
    assert "It is removed." in press(root, "remove", row)


def test_a_station_is_told_to_ask_for_a_certificate(root, station):
    press(root, "extended_trigger", station, message="SignChargePointCertificate")
    press(root, "read_certificates", station, kind="CentralSystemRootCertificate")
    asked = Command.objects.order_by("pk").values_list("action", "payload")
    assert list(asked) == [
        ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}),
        ("GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"}),
    ]


def answer_as_gateway(station: ChargingStation, reply: dict[str, str]) -> None:
    """The station's answer to what waits, with what it means."""
    assert talking.hear(station, lambda *_: reply, at=timezone.now())
