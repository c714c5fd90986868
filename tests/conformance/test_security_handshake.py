"""Security: who is let in is decided before the upgrade."""

from __future__ import annotations

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
