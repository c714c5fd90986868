"""Seen: SignedData, HTML, SQL, formulas, NUL, emoji and right-to-left text in any member.

Kept as it came (NUL taken out, which PostgreSQL cannot hold), and answered; the pages that show it
escape it (tests/admin/test_odd_texts.py).
"""

from __future__ import annotations

import pytest

from stations.models import MeterValue, StatusChange
from tests.gateway.talk import Talk
from tests.stations import given

pytestmark = pytest.mark.django_db
TEXTS = [
    "<script>alert(1)</script>",
    "'; DROP TABLE stations_chargingstation; --",
    "=HYPERLINK(1)",
    "⚡🔌",
    "שלום\u202eabc",
    "{{ 7 * 7 }} %s %(x)s {0}",
    "a\x00b",
    "\x1b[31m\r\n",
]


@pytest.fixture
def talk():
    return Talk(given.a_station())


def kept(text):
    return text.replace("\x00", "")


@pytest.mark.parametrize("text", TEXTS)
def test_a_boot_keeps_it(talk, text):
    boot = {"chargePointVendor": text, "chargePointModel": text, "firmwareVersion": text}
    assert talk.ask("BootNotification", boot)["status"] == "Accepted"
    talk.station.refresh_from_db()
    assert talk.station.vendor == talk.station.firmware_version == kept(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_status_keeps_it(talk, text):
    assert talk.status(info=text, vendorErrorCode=text, errorCode=text) == {}
    change = StatusChange.objects.get()
    assert change.info == change.vendor_error_code == change.error_code == kept(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_session_keeps_it(talk, text):
    number = talk.start(idTag=text)
    assert talk.ask("Authorize", {"idTag": text}) == {"idTagInfo": {"status": "Invalid"}}
    assert talk.stop(number, idTag=text, reason=text)["idTagInfo"]["status"] == "Invalid"
    session = given.session(number)
    assert session.id_tag == session.stop_id_tag == session.stop_reason == kept(text)


@pytest.mark.parametrize("text", TEXTS)
def test_meter_values_keep_it(talk, text):
    assert talk.meter({"value": text, "context": text}, {"value": "1500"}) == {}
    row = MeterValue.objects.get()
    assert (row.energy_wh, row.context) == (1500, kept(text)[:40])


@pytest.mark.parametrize("text", TEXTS)
def test_a_vendors_message_is_answered(talk, text):
    answer = talk.ask("DataTransfer", {"vendorId": text, "messageId": text, "data": text})
    assert answer == {"status": "UnknownVendorId"}


def test_signed_data_is_kept_and_not_taken_for_a_register(talk):
    signed = {"value": "OCMF|" + "A" * 3000, "format": "SignedData", "context": "Transaction.Begin"}
    assert talk.meter(signed, {"value": "1500"}) == {}
    row = MeterValue.objects.get()
    assert row.energy_wh == 1500
    assert "A" * 3000 in row.raw
