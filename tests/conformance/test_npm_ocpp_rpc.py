"""The npm package ``ocpp-rpc``, in strict mode, charges at our server and answers its commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.conformance.node import Client
from tests.conformance.story import ANSWERS, ID_TAG, commands

BEGUN = datetime.now(UTC) - timedelta(hours=1)


def after(minutes: int) -> str:
    """So many minutes after the session began, as JavaScript writes it."""
    moment = BEGUN + timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def charge(station: Client) -> int:
    """The whole session up to its end; gives its transaction id."""
    boot = station.call("BootNotification", chargePointVendor="Acme", chargePointModel="One")
    assert boot["status"] == "Accepted"
    for number, status in ((0, "Available"), (1, "Preparing")):
        report = {"connectorId": number, "errorCode": "NoError", "status": status}
        assert station.call("StatusNotification", **report, timestamp=after(0)) == {}
    assert station.call("Authorize", idTag=ID_TAG)["idTagInfo"]["status"] == "Accepted"
    started = station.call(
        "StartTransaction", connectorId=1, idTag=ID_TAG, meterStart=1000, timestamp=after(0)
    )
    assert started["idTagInfo"]["status"] == "Accepted"
    number = int(started["transactionId"])
    for minute in range(1, 6):
        sampled = [{"value": str(1000 + 500 * minute), "unit": "Wh"}]
        element = {"timestamp": after(minute), "sampledValue": sampled}
        values = {"connectorId": 1, "transactionId": number, "meterValue": [element]}
        assert station.call("MeterValues", **values) == {}
    assert set(station.call("Heartbeat")) == {"currentTime"}
    assert station.call("DataTransfer", vendorId="Acme") == {"status": "UnknownVendorId"}
    return number


def test_it_charges_and_obeys_and_finds_nothing_invalid(server, api):
    with Client(server.ws, "NPM", ANSWERS) as station:
        assert station.protocol == "ocpp1.6"
        number = charge(station)
        for asked in commands(number):
            body = asked.body
            if asked.action == "CancelReservation":
                body = {"reservationId": dict(station.commands)["ReserveNow"]["reservationId"]}
            answer = api.post(f"admin/NPM/{asked.path}?wait=20", body)
            assert answer.status == 200, (asked, answer)
            assert asked.answer.items() <= answer.body.items(), (asked, answer)
        stop = {"transactionId": number, "meterStop": 9000, "timestamp": after(30)}
        assert station.call("StopTransaction", **stop, reason="Remote") == {}
    assert station.complaints == []
    assert [action for action, _ in station.commands] == [a.action for a in commands(number)]
    session = api.get(f"sessions/{number}").body
    assert (session["sessionStatus"], session["energyKwh"]) == ("COMPLETED", 8.0)
    assert len(session["meterValues"]) == 5
