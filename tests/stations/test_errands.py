"""What stations say of downloads, installations and uploads, and what becomes of our rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stations.models import (
    ChargingStation,
    Command,
    CommandStatus,
    ErrandReport,
    FirmwareUpdate,
    LogKind,
    LogRequest,
    Subject,
)
from stations.services import commands, errands, firmware, logs, stations
from stations.services.asking import Request, Tries
from stations.services.commands import Outcome
from stations.services.stations import BootReport
from tests.stations.given import NOON, a_connected_station, after

pytestmark = pytest.mark.django_db
THEIRS = "ftp://user:secret@files.example.com/fw.bin"


@pytest.fixture
def station() -> ChargingStation:
    return a_connected_station()


def asked(station: ChargingStation, *, minute: float = 0, **wanted: object) -> FirmwareUpdate:
    """An update from a place of the operator's own, just requested."""
    what = firmware.Wanted(location=THEIRS, **wanted)
    command = firmware.update(station=station, wanted=what, request=Request(after(minute)))
    return FirmwareUpdate.objects.get(command=command)


def asked_log(station: ChargingStation, kind: LogKind = LogKind.DIAGNOSTICS) -> LogRequest:
    command = logs.fetch(station=station, wanted=logs.Wanted(kind), request=Request(NOON))
    return LogRequest.objects.get(command=command)


def answer(row: FirmwareUpdate | LogRequest, status: str = "Accepted", **more: object) -> None:
    errands.answered(command=row.command, status=status, at=after(1), **more)
    row.refresh_from_db()


def tell(
    row: FirmwareUpdate | LogRequest, *statuses: str, subject: Subject = Subject.FIRMWARE
) -> None:
    """The station's notifications, a minute apart."""
    for number, status in enumerate(statuses):
        errands.said(
            station_id=row.station_id,
            subject=subject,
            status=status,
            request_id=row.request_id,
            at=after(2 + number),
        )
    row.refresh_from_db()


def state(row: FirmwareUpdate | LogRequest) -> tuple[str, str]:
    return row.status, row.outcome


def test_an_update_goes_its_way_and_its_history_is_kept(station):
    update = asked(station)
    assert state(update) == ("Requested", "Open")
    answer(update)
    assert state(update) == ("Accepted", "Open")
    tell(update, "Downloading", "Downloaded", "Installing", "Installed")
    assert state(update) == ("Installed", "Done")
    assert update.ended_at == after(5)
    told = [report.status for report in update.reports.order_by("id")]
    assert told == ["Downloading", "Downloaded", "Installing", "Installed"]


@pytest.mark.parametrize("failure", ["DownloadFailed", "InstallationFailed"])
def test_a_failure_ends_it_with_a_reason(station, failure):
    update = asked(station)
    tell(update, "Downloading", failure)
    assert state(update) == (failure, "Failed")
    assert update.reason


def test_a_station_that_tries_again_goes_on(station):
    update = asked(station, tries=Tries(3, 60))
    tell(update, "Downloading", "DownloadFailed", "Downloading")
    assert state(update) == ("Downloading", "Open")
    assert (update.reason, update.ended_at) == ("", None)
    tell(update, "Installed")
    assert state(update) == ("Installed", "Done")


def test_a_word_that_comes_too_late_changes_nothing(station):
    update = asked(station)
    tell(update, "Installing", "InstallationFailed", "Downloaded x")
    assert state(update) == ("InstallationFailed", "Failed")
    tell(update, "Installed", "Installing", "Downloading")
    assert state(update) == ("Installed", "Done")


def test_duplicates_are_kept_once(station):
    update = asked(station)
    tell(update, "Downloading", "Downloading", "Downloading")
    assert ErrandReport.objects.count() == 1


def test_idle_means_only_that_nothing_goes_on(station):
    update = asked(station)
    tell(update, "Downloading", "Idle")
    assert state(update) == ("Downloading", "Open")


def test_a_word_nobody_knows_is_kept_as_text(station):
    update = asked(station)
    tell(update, "Vendor:Unpacking <b>")
    assert state(update) == ("Vendor:Unpacking <b>", "Open")


def test_a_status_without_an_update_of_ours_is_kept(station):
    errands.said(
        station_id=station.pk,
        subject=Subject.FIRMWARE,
        status="Downloading",
        request_id=None,
        at=NOON,
    )
    report = ErrandReport.objects.get()
    assert (report.update, report.status) == (None, "Downloading")


def test_a_signed_update_is_told_by_its_number(station):
    signed = {"signed": True, "signature": "AA==", "signing_certificate": "-----BEGIN"}
    first = asked(station, request_id=7, **signed)
    second = asked(station, minute=1, **signed)
    assert second.request_id not in (None, 7)
    tell(first, "InvalidSignature", subject=Subject.SIGNED_FIRMWARE)
    second.refresh_from_db()
    assert state(first) == ("InvalidSignature", "Failed")
    assert state(second) == ("Requested", "Open")


def test_a_number_nobody_gave_changes_no_update(station):
    update = asked(station)
    errands.said(
        station_id=station.pk, subject=Subject.FIRMWARE, status="Installed", request_id=99, at=NOON
    )
    update.refresh_from_db()
    assert update.is_open


@pytest.mark.parametrize("status", ["Rejected", "InvalidCertificate", "RevokedCertificate"])
def test_a_refusal_ends_it(station, status):
    update = asked(station, signed=True, signature="AA==", signing_certificate="-")
    answer(update, status)
    assert state(update) == (status, "Refused")


def test_a_newer_update_replaces_the_one_under_way(station):
    first = asked(station)
    answer(first)
    second = asked(station, minute=5)
    answer(second)
    first.refresh_from_db()
    assert first.outcome == "Cancelled"
    tell(second, "Installed")
    assert second.outcome == "Done"


def test_a_report_may_come_before_the_answer(station):
    update = asked(station)
    tell(update, "Downloading")
    answer(update)
    assert state(update) == ("Downloading", "Open")


@pytest.mark.parametrize(
    ("status", "outcome", "word"),
    [
        (CommandStatus.FAILED, "Refused", "Error"),
        (CommandStatus.TIMED_OUT, "Failed", "NoAnswer"),
        (CommandStatus.EXPIRED, "Failed", "NoAnswer"),
    ],
)
def test_a_command_without_an_answer_ends_it(station, status, outcome, word):
    update = asked(station)
    Command.objects.filter(pk=update.command.pk).update(status="Sent")
    ended = Outcome(status, error_code="NotSupported")
    commands.settle(command_id=update.command.pk, outcome=ended, at=after(1))
    update.refresh_from_db()
    assert state(update) == (word, outcome)


def test_a_station_that_did_not_answer_and_does_it_all_the_same_is_followed(station):
    update = asked(station)
    Command.objects.filter(pk=update.command.pk).update(status="Sent")
    silent = Outcome(CommandStatus.TIMED_OUT)
    commands.settle(command_id=update.command.pk, outcome=silent, at=after(1))
    tell(update, "Downloading")
    assert state(update) == ("Downloading", "Open")


def test_a_boot_with_another_version_ends_an_installation(station):
    boot(station, "1.0")
    update = asked(ChargingStation.objects.get(pk=station.pk))
    tell(update, "Downloaded")
    boot(station, "1.0")
    update.refresh_from_db()
    assert update.is_open
    boot(station, "2.0")
    update.refresh_from_db()
    assert update.outcome == "Done"
    assert "2.0" in update.reason


def test_a_boot_before_the_installation_ends_nothing(station):
    update = asked(station)
    boot(station, "2.0")
    update.refresh_from_db()
    assert update.is_open


def boot(station: ChargingStation, version: str) -> None:
    report = BootReport("Acme", "One", firmware_version=version)
    stations.boot(station_id=station.pk, report=report, at=after(30))


def test_what_is_never_finished_times_out(station):
    update, request = asked(station), asked_log(station)
    assert errands.expire_due(at=NOON + timedelta(hours=23)) == 0
    assert errands.expire_due(at=NOON + timedelta(hours=25)) == 2
    for row in (update, request):
        row.refresh_from_db()
        assert row.outcome == "TimedOut"


def test_what_is_installed_later_is_waited_for_longer(station):
    update = asked(station, install_at=NOON + timedelta(days=3), tries=Tries(2, 3600))
    assert update.expires_at == NOON + timedelta(days=4, hours=2)


def test_diagnostics_arrive_by_the_stations_word(station):
    request = asked_log(station)
    answer(request, file_name="diag.zip")
    assert (request.file_name, request.status) == ("diag.zip", "Accepted")
    tell(request, "Uploading", "Uploaded", subject=Subject.DIAGNOSTICS)
    assert state(request) == ("Uploaded", "Done")


def test_a_station_that_has_no_file_says_so_and_may_still_upload(station):
    request = asked_log(station)
    answer(request, file_name=None)
    assert state(request) == ("NoFile", "Failed")
    tell(request, "Uploading", subject=Subject.DIAGNOSTICS)
    assert state(request) == ("Uploading", "Open")


@pytest.mark.parametrize(
    "status", ["UploadFailure", "PermissionDenied", "BadMessage", "NotSupportedOperation"]
)
def test_a_log_that_cannot_be_uploaded_ends(station, status):
    request = asked_log(station, LogKind.SECURITY_LOG)
    tell(request, "Uploading", status, subject=Subject.LOG)
    assert state(request) == (status, "Failed")


def test_a_log_may_replace_another_one(station):
    first = asked_log(station, LogKind.SECURITY_LOG)
    second = asked_log(station, LogKind.DIAGNOSTICS_LOG)
    answer(second, "AcceptedCanceled", file_name="b")
    first.refresh_from_db()
    assert (first.outcome, second.outcome) == ("Cancelled", "Open")


def test_two_logs_may_be_under_way(station):
    first = asked_log(station, LogKind.SECURITY_LOG)
    answer(asked_log(station, LogKind.DIAGNOSTICS_LOG), file_name="b")
    first.refresh_from_db()
    assert first.is_open


def test_passwords_in_a_location_are_sent_but_not_kept(station):
    update = asked(station)
    assert update.command.payload["location"] == THEIRS
    assert update.location == "ftp://***@files.example.com/fw.bin"
    Command.objects.update(status="Sent")
    done = Outcome(CommandStatus.ANSWERED, {})
    commands.settle(command_id=update.command.pk, outcome=done, at=after(1))
    update.command.refresh_from_db()
    assert "secret" not in update.command.payload["location"]


def test_old_reports_are_pruned(station):
    tell(asked(station), "Downloading", "Downloaded")
    assert errands.prune_reports(before=after(3)) == 1
