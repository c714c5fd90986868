"""Derived: what holds whatever becomes of connections, answers and this system itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.handshake import knock
from tests.conformance.operator import Operator
from tests.conformance.station import Refused, ago
from tests.processes import eventually, start_server
from tests.rows import change, stored
from tests.web import with_api_key

ACCEPTED = {"status": "Accepted"}


@pytest.fixture(scope="module")
def strict_server(shared_environment):
    """A server that knows who may come, and waits two seconds for an answer."""
    settings = {"OCPP_UNKNOWN_STATIONS": "reject", "OCPP_COMMAND_TIMEOUT": "2"}
    with start_server({**shared_environment, **settings}) as running:
        yield running


@pytest.fixture(scope="module")
def strict_api(strict_server):
    """Its API."""
    return with_api_key(strict_server)


@pytest.fixture
def overseer(strict_api, cp_id):
    """An operator of the strict server, who has added the station of the case."""
    operator = Operator(strict_api, cp_id)
    operator.issues("stations", {"ocppIdentifier": cp_id})
    yield operator
    operator.leaves()


@pytest.fixture
def known(new_station, overseer, strict_server):
    """The station of the case at the strict server: booted."""
    station = new_station(address=strict_server.ws)
    station.connects()
    station.boots()
    return station


@pytest.mark.parametrize("registration", ["Pending", "Rejected"])
def test_d_01_stations_that_are_not_accepted(
    new_station, strict_server, overseer, cp_id, registration
):
    assert knock(strict_server.ws, f"{cp_id}-UNKNOWN").status == 404
    overseer.issues("stations", {"ocppIdentifier": cp_id, "registration": registration}, status=200)
    station = new_station(address=strict_server.ws)
    station.connects()
    station.boots(status=registration)
    for action, payload in (
        ("Heartbeat", {}),
        ("Authorize", {"idTag": "AnyCard"}),
        ("StatusNotification", {"connectorId": 1, "status": "Faulted", "errorCode": "NoError"}),
    ):
        with pytest.raises(Refused):
            station.asks(action, **payload)
    assert overseer.sees_station()["connectors"] == []
    overseer.sends("remote-start-transaction", {"idTag": "AnyCard"})
    overseer.is_refused(409)
    if registration == "Pending":  # it may be configured meanwhile (section 4.2)
        overseer.sends("get-configuration")
        station.expects("GetConfiguration")
        station.answers(configurationKey=[])
        overseer.is_told(configurationKey=[])
    else:
        overseer.sends("get-configuration")
        overseer.is_refused(409)
    overseer.issues("stations", {"ocppIdentifier": cp_id, "registration": "Accepted"}, status=200)
    station.boots()


def test_d_08_one_open_call_a_queue_and_late_answers(known, overseer):
    overseer.sends("clear-cache")
    known.expects("ClearCache")
    overseer.sends("unlock-connector", {"connectorId": 1})
    known.asks("Heartbeat")  # the other direction goes on
    assert known.unexpected == []
    known.answers(status="Accepted")
    known.expects("UnlockConnector")  # the judge: not before the answer
    late = known.stays_silent()
    overseer.is_told(**ACCEPTED)
    failure = overseer.is_refused(504, code="no_answer", status="TimedOut")
    known.answers_late(late, status="Unlocked")
    overseer.sends("clear-cache")
    known.expects("ClearCache")
    known.answers(status="Rejected")
    overseer.is_told(status="Rejected")
    overseer.sees(f"commands/{failure['id']}", status="TimedOut")  # it settles nothing any more


def test_d_09_answers_that_are_errors_garbage_or_missing(known, overseer):
    garbage = [
        (4, "NotSupported", "not here", {}),
        (4, "InternalError", ""),  # four elements
        (3, {"status": ["Accepted"]}),
        (3, {}),
        (3, "Accepted"),
    ]
    for kind, *rest in garbage:
        overseer.sends("clear-cache")
        known.expects("ClearCache")
        known.answers_raw(*rest, kind=kind)
        overseer.is_refused(502, code="station_error", status="Failed")
    overseer.sends("clear-cache")
    known.expects("ClearCache")
    known.stays_silent()
    overseer.is_refused(504, code="no_answer")
    overseer.sends("clear-cache")
    known.expects("ClearCache")
    known.answers(status="Accepted")
    overseer.is_told(**ACCEPTED)
    known.asks("Heartbeat")


def test_d_10_a_second_socket_wins(station, new_station, operator):
    station.boots()
    newer = new_station()
    newer.connects()
    station.is_closed(4001)
    newer.asks("Heartbeat")
    operator.sees_station(status="ONLINE", isConnected=True)
    operator.sends("clear-cache")
    newer.expects("ClearCache")
    newer.answers(status="Accepted")
    operator.is_told(**ACCEPTED)


def test_d_11_a_dead_peer_is_noticed(station, new_station, server, operator):
    station.boots()
    assert eventually(lambda: _is_heard(operator)), "its sign of life was not written down"
    station.freezes()  # no FIN, no pong, nothing
    operator.sees_station(status="ONLINE")
    long_ago = stored(datetime.now(UTC) - timedelta(hours=1))  # an hour passes
    heard = "UPDATE stations_chargingstation SET last_seen_at = ? WHERE cp_id = ?"
    change(server.environment, heard, long_ago, station.cp_id)

    def is_offline() -> bool:
        return bool(operator.sees_station()["status"] == "OFFLINE")

    assert eventually(is_offline, seconds=30)
    operator.sees_station(isConnected=False)
    operator.sends("clear-cache")
    operator.is_refused(409)
    back = new_station()
    back.connects()
    back.boots()
    operator.sees_station(status="ONLINE", isConnected=True)


def _is_heard(operator: Operator) -> bool:
    """What the boot's frame was a sign of is written after it, with those of other stations."""
    shown = operator.sees_station()
    return bool(shown["lastHeartbeatAt"] > shown["lastBootAt"])


def test_d_16_nothing_is_sent_later_to_a_station_that_was_offline(station, operator, card):
    station.boots()
    station.leaves()
    assert eventually(lambda: not operator.sees_station()["isConnected"])
    for command, body in (
        ("remote-start-transaction", {"idTag": card}),
        ("remote-stop-transaction", {"transactionId": 1}),
        ("unlock-connector", {"connectorId": 1}),
        ("reset", {"type": "Hard"}),
        ("reserve-now", {"connectorId": 1, "idTag": card, "expiryDate": ago(-30)}),
    ):
        operator.sends(command, body)
        operator.is_refused(409)
    station.connects()
    station.boots()
    station.asks("Heartbeat")
    operator.sends("clear-cache")
    station.expects("ClearCache")  # the first thing it hears of us
    station.answers(status="Accepted")
    operator.is_told(**ACCEPTED)


def test_d_17_what_is_not_served_is_said_and_what_is_served_is_answered(station, operator):
    station.boots()
    for action, code in (
        ("InstallCertificate", "NotSupported"),  # known, but nothing a station asks
        ("SignedUpdateFirmware", "NotSupported"),
        ("Get15118EVCertificate", "NotImplemented"),
        ("SecurityEvent", "NotImplemented"),
    ):
        with pytest.raises(Refused) as refused:
            station.asks(action)
        assert refused.value.code == code, action
    event = {"type": "InvalidMessages", "timestamp": ago()}
    assert station.asks("SecurityEventNotification", **event) == {}
    assert station.asks("LogStatusNotification", status="Idle") == {}
    assert station.asks("SignCertificate", csr="none") == {"status": "Rejected"}
    operator.sends("get-log", {"logType": "SecurityLog"})  # a station without the whitepaper
    station.expects("GetLog")
    station.answers_raw("NotImplemented", "", {}, kind=4)
    operator.is_refused(502, code="station_error", errorCode="NotImplemented")
    station.asks("Heartbeat")


def test_d_18_restart_of_the_central_system_during_a_session(process_environment, new_station):
    with start_server(process_environment) as server:
        operator = Operator(with_api_key(server), "RESTARTED")
        operator.issues("rfid", {"tagId": "Driver"})
        station = new_station(address=server.ws)
        station.cp_id = operator.cp_id
        station.connects()
        station.boots()
        assert station.starts("Driver", at=ago(30), meter=1000) == "Accepted"
        server.stop()
        station.is_closed(1001)
        server.start()
        station.connects()  # and says nothing of having booted
        station.meters(2000, at=ago(20))
        operator.sees_session(station.transaction_id, sessionStatus="ACTIVE")
        station.stops(at=ago(10), meter=3000)
        ended = {"sessionStatus": "COMPLETED", "energyKwh": 2.0, "needsReview": False}
        operator.sees_session(station.transaction_id, **ended)
        assert len(operator.lists("sessions")) == 1
        operator.leaves()
