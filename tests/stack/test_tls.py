"""Security profiles over real TLS handshakes, on both servers: who is let in, who is refused."""

from __future__ import annotations

import contextlib
import http.client
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.exceptions import InvalidStatus, WebSocketException

from tests import pki
from tests.conftest import new_environment
from tests.gateway.conftest import QUICK
from tests.gateway.wire import Wire
from tests.pki import DAY, Identity
from tests.processes import Server, manage, server_port, start_server
from tests.rows import one
from tests.tls import trusting

pytestmark = pytest.mark.once  # TLS ends before any engine

KEY = "correct horse battery staple"
MADE = f"""
from stations.models import ChargingStation
from stations.services import keys, stations
keys.set_key(station=stations.create(cp_id="PLAIN"), key="{KEY}")
for number in (1, 2, 3):
    made = stations.create(cp_id=f"LEVEL-{{number}}", security_profile=number)
    keys.set_key(station=made, key="{KEY}")
stations.create(cp_id="OPEN")
# as it was allowed once, before the settings changed
ChargingStation.objects.filter(cp_id="OPEN").update(security_profile=0)
"""


class Front(NamedTuple):
    """A server with both its doors, and the authorities its stations may be signed by."""

    server: Server
    secure: str
    root: Identity
    strangers: Identity
    folder: Path

    def context(self, client: Identity | None = None, *below: Identity) -> ssl.SSLContext:
        """What a station dials with: trusts our server, shows ``client``."""
        made = trusting(self.root)
        if client is not None:
            certificate, key = client.write(self.folder, "client")
            Path(certificate).write_text("".join(each.pem for each in (client, *below)))
            made.load_cert_chain(certificate, key)
        return made

    def dial(self, cp_id: str, client: Identity | None = None, key: str | None = None) -> Wire:
        """Connect over TLS."""
        return Wire(f"{self.secure}/{cp_id}", key=key, tls=self.context(client))

    def status(self, cp_id: str, client: Identity | None = None, key: str | None = None) -> int:
        """The HTTP status of an upgrade over TLS."""
        try:
            with self.dial(cp_id, client, key):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    def plain(self, cp_id: str, key: str | None = None, **headers: str) -> int:
        """The HTTP status of an upgrade without TLS."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with Wire(f"{self.server.ws}/{cp_id}", key=key, headers=named):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def front(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One that wants everybody to authenticate, under either ASGI server."""
    folder = tmp_path_factory.mktemp("tls")
    root, port = pki.authority(), server_port()
    certificate, key = pki.server(root).write(folder, "server")
    ca, _ = root.write(folder, "ca")
    how = {
        **{"ASGI_SERVER": request.param, "OCPP_UNKNOWN_STATIONS": "reject"},
        **{"OCPP_ALLOW_UNAUTHENTICATED": "false", "TLS_PORT": str(port)},
        "OCPP_HANDSHAKE_SECONDS": "60",  # how long it may take is the subject of tests/hostile
        **{"TLS_CERTIFICATE": certificate, "TLS_KEY": key, "TLS_CLIENT_CA": ca},
    }
    with (
        new_environment(folder / "data") as environment,
        start_server({**environment, **QUICK, **how}) as running,
    ):
        manage(running.environment, "shell", "-c", MADE)
        strangers = pki.authority("Strangers")
        yield Front(running, f"wss://localhost:{port}/ocpp", root, strangers, folder)


def test_the_password_over_tls_is_profile_2(front):
    with front.dial("LEVEL-2", key=KEY) as wire:
        assert wire.ask("Heartbeat")
    query = "SELECT connected_profile FROM stations_chargingstation WHERE cp_id = 'LEVEL-2'"
    assert one(front.server.environment, query) == 2


def test_a_client_certificate_is_profile_3_and_needs_no_password(front):
    with front.dial("LEVEL-3", pki.station("LEVEL-3", front.root)) as wire:
        assert wire.ask("Heartbeat")
    query = "SELECT connected_profile FROM stations_chargingstation WHERE cp_id = 'LEVEL-3'"
    assert one(front.server.environment, query) == 3


def test_nobody_connects_below_the_profile_of_the_station(front):
    assert front.plain("LEVEL-1", KEY) == 101
    assert front.plain("LEVEL-2", KEY) == 401
    assert front.plain("LEVEL-3", KEY) == 401
    assert front.status("LEVEL-3", key=KEY) == 401
    assert front.plain("OPEN") == 401  # what the settings do not allow


def test_everybody_may_connect_above_it(front):
    for cp_id in ("PLAIN", "LEVEL-1"):
        assert front.status(cp_id, key=KEY) == 101
        assert front.status(cp_id, pki.station(cp_id, front.root)) == 101


@pytest.mark.parametrize("key", [None, "wrong wrong wrong wrong"])
def test_tls_alone_proves_nothing(front, key):
    assert front.status("LEVEL-2", key=key) == 401
    assert front.status("LEVEL-3", key=key) == 401


def test_a_certificate_of_another_station_is_refused(front):
    assert front.status("LEVEL-3", pki.station("LEVEL-2", front.root)) == 401
    front.server.until_it_says("another station's", 10)


@pytest.mark.parametrize("valid", [(-DAY, -timedelta(hours=1)), (timedelta(hours=1), DAY)])
def test_a_certificate_that_is_not_valid_now_is_refused_with_a_reason(front, valid):
    assert front.status("LEVEL-3", pki.station("LEVEL-3", front.root, valid=valid)) == 401
    front.server.until_it_says("not valid now", 10)


def test_a_certificate_for_servers_is_refused(front):
    with contextlib.suppress(OSError, EOFError, WebSocketException):
        assert front.status("LEVEL-3", pki.server(front.root)) == 401
        return
    assert "uvicorn" in front.server.environment["ASGI_SERVER"]  # its TLS says so itself


def test_a_certificate_signed_by_strangers_is_refused(front):
    stranger = pki.station("LEVEL-3", front.strangers)
    with contextlib.suppress(OSError, EOFError, WebSocketException):
        assert front.status("LEVEL-3", stranger) == 401
        front.server.until_it_says("nobody we trust", 10)
        return
    assert "uvicorn" in front.server.environment["ASGI_SERVER"]


def test_headers_of_a_proxy_prove_nothing_where_there_is_none(front):
    mine = pki.station("LEVEL-3", front.root).pem.replace("\n", "%0A")
    claims = {"X_Forwarded_Proto": "https", "X_SSL_Client_Verify": "SUCCESS"}
    assert front.plain("LEVEL-3", X_SSL_Client_Cert=mine, **claims) == 401
    assert front.plain("LEVEL-2", KEY, **claims) == 401


@pytest.mark.parametrize("ciphers", ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"])
def test_tls_1_2_with_the_ciphers_of_the_whitepaper_is_spoken(front, ciphers):
    context = front.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    with Wire(f"{front.secure}/LEVEL-2", key=KEY, tls=context) as wire:
        assert isinstance(wire.socket.socket, ssl.SSLSocket)
        assert ciphers in (wire.socket.socket.cipher() or ())


@pytest.mark.parametrize("old", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_nothing_below_tls_1_2_is_spoken(front, old):
    context = front.context()
    context.minimum_version, context.maximum_version = old, old
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, OSError)):
        Wire(f"{front.secure}/LEVEL-2", key=KEY, tls=context)


@pytest.mark.parametrize("weak", ["AES128-SHA", "ECDHE-RSA-AES128-SHA", "AES128-GCM-SHA256"])
def test_no_cipher_without_forward_secrecy_or_authentication_is_spoken(front, weak):
    context = front.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(weak)
    with pytest.raises((ssl.SSLError, OSError)):
        Wire(f"{front.secure}/LEVEL-2", key=KEY, tls=context)


def test_browsers_are_served_over_tls_without_a_certificate(front):
    port = int(front.secure.split(":")[2].partition("/")[0])
    browser = http.client.HTTPSConnection("localhost", port, timeout=10, context=front.context())
    with contextlib.closing(browser):
        browser.request("GET", "/health")
        assert browser.getresponse().status == 200
