"""Security: who is let in is decided before the upgrade."""

from __future__ import annotations

import secrets

import pytest

from tests.conformance.handshake import knock
from tests.conformance.operator import Operator
from tests.conformance.station import basic
from tests.processes import start_server
from tests.web import with_api_key

PASSWORD = "a password of twenty"


def test_tc_085_basic_authentication(server, new_station, operator, cp_id):
    operator.issues("stations", {"ocppIdentifier": cp_id, "authorizationKey": PASSWORD})
    wrong = {
        "none": {},
        "wrong password": basic(cp_id, PASSWORD[:-1]),
        "wrong user": basic("SOMEBODY", PASSWORD),
        "no Basic": {"Authorization": f"Bearer {PASSWORD}"},
    }
    for why, headers in wrong.items():
        refused = knock(server.ws, cp_id, headers=headers)
        assert refused.status == 401, why
        assert refused.headers["WWW-Authenticate"].startswith("Basic"), why
        assert "Sec-WebSocket-Accept" not in refused.headers, why
    opened = knock(server.ws, cp_id, headers=basic(cp_id, PASSWORD))
    assert (opened.status, opened.headers["Sec-WebSocket-Protocol"]) == (101, "ocpp1.6")
    station = new_station()
    station.connects(password=PASSWORD)
    station.boots()
    operator.sees_station(status="ONLINE", hasAuthorizationKey=True)


def is_told_to_use(station, key):
    """The station accepts a ChangeConfiguration of its key; gives the password it stands for."""
    told = station.expects("ChangeConfiguration", key="AuthorizationKey")["value"]
    assert key in (told, None)
    station.answers(status="Accepted")
    return bytes.fromhex(told)


@pytest.mark.parametrize("key", [None, secrets.token_hex(20)], ids=["made here", "given"])
def test_tc_073_update_charge_point_password(server, new_station, operator, cp_id, key):
    operator.issues("stations", {"ocppIdentifier": cp_id, "authorizationKey": PASSWORD})
    station = new_station()
    station.connects(password=PASSWORD)
    station.boots()
    if key is None:
        operator.begins(f"stations/{cp_id}/key/rotate")
    else:
        operator.sends("change-configuration", {"key": "AuthorizationKey", "value": key})
    new = is_told_to_use(station, key)
    operator.is_told(status="Accepted")
    assert knock(server.ws, cp_id, headers=basic(cp_id, "neither of the two")).status == 401
    station.leaves()
    station.connects(password=new)
    station.boots()
    assert knock(server.ws, cp_id, headers=basic(cp_id, PASSWORD)).status == 401
    shown = [*operator.lists("commands"), *operator.lists(f"commands?station={cp_id}")]
    assert new.hex() not in str(shown)


def test_a_key_whose_change_was_never_answered_may_be_either(server, new_station, operator, cp_id):
    operator.issues("stations", {"ocppIdentifier": cp_id, "authorizationKey": PASSWORD})
    station = new_station()
    station.connects(password=PASSWORD)
    station.boots()
    operator.begins(f"stations/{cp_id}/key/rotate", wait=0)
    told = station.expects("ChangeConfiguration", key="AuthorizationKey")["value"]
    station.stays_silent()
    station.vanishes()  # with the new key, or without it
    station.connects(password=PASSWORD)
    station.leaves()
    station.connects(password=bytes.fromhex(told))
    assert knock(server.ws, cp_id, headers=basic(cp_id, PASSWORD)).status == 401
    assert operator.is_refused(202)["status"] in ("Waiting", "Sent")


def test_a_server_killed_in_the_middle_of_a_change_locks_nobody_out(
    process_environment, new_station
):
    with start_server(process_environment) as server:
        operator = Operator(with_api_key(server), "CHANGED")
        known = {"ocppIdentifier": operator.cp_id, "authorizationKey": PASSWORD}
        operator.issues("stations", known)
        station = new_station(address=server.ws)
        station.cp_id = operator.cp_id
        station.connects(password=PASSWORD)
        station.boots()
        operator.issues(f"stations/{operator.cp_id}/key/rotate?wait=0", {}, status=202)
        told = station.expects("ChangeConfiguration", key="AuthorizationKey")["value"]
        server.kill()
        station.stays_silent()  # it took the key, and there is nobody to tell
        station.is_closed(1006)
        server.start()
        for password in (PASSWORD, bytes.fromhex(told)):
            opened = knock(server.ws, operator.cp_id, headers=basic(operator.cp_id, password))
            assert opened.status == 101
        refused = knock(server.ws, operator.cp_id, headers=basic(operator.cp_id, PASSWORD))
        assert refused.status == 401  # it has used the new one
        operator.leaves()


@pytest.mark.parametrize("offered", ["ocpp0.1,ocpp1.6", "ocpp1.6, ocpp0.1", "ocpp1.6"])
def test_tc_088_subprotocol_negotiation(server, new_station, cp_id, offered):
    refused = knock(server.ws, cp_id, protocols="ocpp0.1")
    assert 400 <= refused.status < 500
    opened = knock(server.ws, cp_id, protocols=offered)
    assert opened.status == 101
    assert opened.headers.get_all("Sec-WebSocket-Protocol") == ["ocpp1.6"]
    station = new_station()
    station.connects()
    station.boots()
