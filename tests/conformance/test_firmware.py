"""Firmware management: stations are sent for firmware or diagnostics, and tell how it goes."""

from __future__ import annotations

import pytest

from tests.conformance.station import ago

LOCATION = "https://files.example.com/firmware/two.bin"
UPLOADS = "ftp://files.example.com/diagnostics"


@pytest.fixture
def booted(station):
    """The station, booted with firmware 1.0."""
    station.boots()
    return station


@pytest.fixture
def told(operator):
    """The newest of what the station was told to fetch or bring, as it is stored: at this path."""

    def read(path, **members):
        newest = operator.lists(f"{path}?station={operator.cp_id}")[0]
        assert {name: newest[name] for name in members} == members, newest
        return newest

    return read


def updates(station, operator):
    """An UpdateFirmware, which the station takes."""
    retrieve = ago(minutes=1)
    operator.sends("update-firmware", {"location": LOCATION, "retrieveDate": retrieve})
    asked = station.expects("UpdateFirmware", location=LOCATION)
    assert asked["retrieveDate"][:19] == retrieve[:19]
    station.answers()
    operator.is_told()


def brings(station, operator):
    """A GetDiagnostics, which the station takes."""
    operator.sends("get-diagnostics", {"location": UPLOADS})
    station.expects("GetDiagnostics", location=UPLOADS)
    station.answers(fileName="diagnostics.tar.gz")
    operator.is_told(fileName="diagnostics.tar.gz")


def tells(station, status, action="FirmwareStatusNotification"):
    """A status notification; the answer is empty."""
    assert station.asks(action, status=status) == {}


def history(errand):
    """What the station said of it, oldest first."""
    return [report["status"] for report in reversed(errand["history"])]


def test_tc_044_1_firmware_downloaded_and_installed(booted, operator, told):
    updates(booted, operator)
    tells(booted, "Downloading")
    tells(booted, "Downloaded")
    booted.reports("Unavailable")
    tells(booted, "Installing")
    told("firmware/updates", outcome="Open", status="Installing", location=LOCATION)
    booted.leaves()
    booted.connects()
    booted.boots(firmware="2.0")
    tells(booted, "Installed")
    update = told("firmware/updates", outcome="Done")
    assert history(update) == ["Downloading", "Downloaded", "Installing", "Installed"]
    operator.sees_station(firmwareVersion="2.0")


def test_tc_044_2_firmware_download_failed(booted, operator, told):
    updates(booted, operator)
    tells(booted, "Downloading")
    tells(booted, "DownloadFailed")
    update = told("firmware/updates", outcome="Failed", status="DownloadFailed")
    assert history(update) == ["Downloading", "DownloadFailed"]
    assert update["reason"]


def test_tc_044_3_firmware_installation_failed(booted, operator, told):
    updates(booted, operator)
    tells(booted, "Downloading")
    tells(booted, "Downloaded")
    booted.reports("Unavailable")
    tells(booted, "Installing")
    booted.leaves()
    booted.connects()
    booted.boots(firmware="1.0")
    tells(booted, "InstallationFailed")
    told("firmware/updates", outcome="Failed", status="InstallationFailed")
    operator.sees_station(firmwareVersion="1.0", status="ONLINE")


def test_tc_045_1_diagnostics_uploaded(booted, operator, told):
    brings(booted, operator)
    tells(booted, "Uploading", "DiagnosticsStatusNotification")
    told("logs", outcome="Open", status="Uploading", fileName="diagnostics.tar.gz")
    tells(booted, "Uploaded", "DiagnosticsStatusNotification")
    log = told("logs", outcome="Done", kind="Diagnostics", location=UPLOADS)
    assert history(log) == ["Uploading", "Uploaded"]


def test_tc_045_2_diagnostics_upload_failed(booted, operator, told):
    brings(booted, operator)
    tells(booted, "Uploading", "DiagnosticsStatusNotification")
    tells(booted, "UploadFailed", "DiagnosticsStatusNotification")
    log = told("logs", outcome="Failed", status="UploadFailed")
    assert log["reason"]
