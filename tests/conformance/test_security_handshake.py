"""Security: who is let in is decided before the upgrade."""

from __future__ import annotations

import secrets

import pytest

from tests.conformance.handshake import knock
from tests.conformance.station import basic

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
