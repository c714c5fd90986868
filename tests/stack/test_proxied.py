"""Behind a proxy: what it says of TLS and certificates counts, what others say does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus

from tests import pki
from tests.conftest import new_environment
from tests.gateway.conftest import QUICK
from tests.gateway.wire import Wire
from tests.processes import Server, manage, start_server
from tests.rows import one

pytestmark = pytest.mark.once  # what a proxy says is judged before any engine

KEY = "correct horse battery staple"
MADE = f"""
from stations.services import keys, stations
keys.set_key(station=stations.create(cp_id="LEVEL-2", security_profile=2), key="{KEY}")
stations.create(cp_id="LEVEL-3", security_profile=3)
"""
ROOT, STRANGERS = pki.authority(), pki.authority("Strangers")
TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}


def behind(folder: Path, server: str, proxies: str) -> Iterator[Server]:
    """A server that expects a proxy at these addresses."""
    ca, _ = ROOT.write(folder, "ca")
    how = {
        **{"ASGI_SERVER": server, "OCPP_UNKNOWN_STATIONS": "reject", "BEHIND_PROXY": "true"},
        **{"OCPP_ALLOW_UNAUTHENTICATED": "false", "TRUSTED_PROXIES": proxies},
        **{"TLS_CLIENT_CA": ca, "PROXY_CERTIFICATE_HEADER": "X-Cert"},
    }
    with (
        new_environment(folder / "data") as environment,
        start_server({**environment, **QUICK, **how}) as running,
    ):
        manage(running.environment, "shell", "-c", MADE)
        yield running


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def trusting(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose proxy is this machine: every test is that proxy."""
    yield from behind(tmp_path_factory.mktemp("trusting"), request.param, "127.0.0.1")


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def wary(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose proxy is elsewhere: every test goes round it."""
    yield from behind(tmp_path_factory.mktemp("wary"), request.param, "192.0.2.0/24")


def status(server: Server, cp_id: str, *, key: str | None = None, **headers: str) -> int:
    """The HTTP status of an upgrade the proxy passes on."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with Wire(f"{server.ws}/{cp_id}", key=key, headers=named):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def shown(identity: pki.Identity, verdict: str = "SUCCESS") -> dict[str, str]:
    """What nginx says of a client's certificate."""
    return {**TLS, "X-Cert": quote(identity.pem), "X-SSL-Client-Verify": verdict}


def test_a_password_over_the_proxys_tls_is_profile_2(trusting):
    assert status(trusting, "LEVEL-2", key=KEY, **TLS) == 101
    assert status(trusting, "LEVEL-2", key=KEY) == 401
    assert status(trusting, "LEVEL-2", key=KEY, **{"X-Forwarded-Proto": "http"}) == 401


def test_a_certificate_the_proxy_verified_is_profile_3(trusting):
    assert status(trusting, "LEVEL-3", **shown(pki.station("LEVEL-3", ROOT))) == 101
    query = "SELECT connected_profile FROM stations_chargingstation WHERE cp_id = 'LEVEL-3'"
    assert one(trusting.environment, query) == 3


@pytest.mark.parametrize("verdict", ["FAILED:certificate has expired", "NONE", ""])
def test_a_certificate_the_proxy_did_not_verify_is_refused(trusting, verdict):
    mine = pki.station("LEVEL-3", ROOT)
    assert status(trusting, "LEVEL-3", **shown(mine, verdict)) == 401


def test_what_the_proxy_verified_is_still_judged_here(trusting):
    assert status(trusting, "LEVEL-3", **shown(pki.station("LEVEL-3", STRANGERS))) == 401
    assert status(trusting, "LEVEL-3", **shown(pki.station("LEVEL-2", ROOT))) == 401
    late = pki.station("LEVEL-3", ROOT, valid=(-2 * pki.DAY, -pki.DAY))
    assert status(trusting, "LEVEL-3", **shown(late)) == 401


@pytest.mark.parametrize("text", ["%", "%FF%00", "no certificate", "-----BEGIN CERTIFICATE-----"])
def test_a_certificate_nobody_can_read_is_refused(trusting, text):
    claims = {**TLS, "X-Cert": text, "X-SSL-Client-Verify": "SUCCESS"}
    assert status(trusting, "LEVEL-3", **claims) == 401


def test_who_goes_round_the_proxy_is_believed_nothing(wary):
    assert status(wary, "LEVEL-2", key=KEY, **TLS) == 401
    assert status(wary, "LEVEL-3", **shown(pki.station("LEVEL-3", ROOT))) == 401
