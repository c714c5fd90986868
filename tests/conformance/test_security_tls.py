"""Security: profiles 2 and 3, TLS at the server itself, and the way up from one to the next."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509

from tests import pki, tls
from tests.conformance.handshake import knock
from tests.conformance.operator import Operator
from tests.conformance.station import basic
from tests.processes import Server, eventually, server_port, start_server
from tests.web import Api, with_api_key

pytestmark = pytest.mark.once  # TLS ends before any engine

PASSWORD = "a password of twenty"
# Security whitepaper edition 3, section 3.4 (TLS 1.2): the RSA or the ECDSA ones by the certificate
SUITES = {
    "rsa": ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"),
    "ec": ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
}


class Secure(NamedTuple):
    """A server with a door without TLS and one with it, and who signs its and its clients' keys."""

    server: Server
    api: Api
    address: str
    root: pki.Identity
    kind: str
    folder: Path

    def context(self, client: pki.Identity | None = None) -> ssl.SSLContext:
        """What a station dials with: it trusts the server's root, and shows its certificate."""
        made = tls.trusting(self.root)
        if client is not None:
            made.load_cert_chain(*client.write(self.folder, "client"))
        return made


@pytest.fixture(scope="module", params=["rsa", "ec"])
def secure(request, shared_environment, tmp_path_factory):
    """A server whose certificate is of either kind."""
    folder = tmp_path_factory.mktemp("tls")
    root, port = pki.authority(), server_port()
    certificate, key = pki.server(root, kind=request.param).write(folder, "server")
    trusted, _ = root.write(folder, "root")
    settings = {
        "TLS_PORT": str(port),
        "TLS_CERTIFICATE": certificate,
        "TLS_KEY": key,
        "TLS_CLIENT_CA": trusted,
    }
    with start_server({**shared_environment, **settings}) as server:
        address = f"wss://localhost:{port}/ocpp"
        yield Secure(server, with_api_key(server), address, root, request.param, folder)


@pytest.fixture
def overseer(secure, cp_id):
    """The operator of that server."""
    operator = Operator(secure.api, cp_id)
    yield operator
    operator.leaves()


def enrolled(operator, profile):
    """Adds the station, which must connect with this profile at least."""
    station = {"ocppIdentifier": operator.cp_id, "authorizationKey": PASSWORD}
    operator.issues("stations", {**station, "securityProfile": profile})


def refuses(secure, cp_id, headers=None, client=None):
    """Whether the door with TLS turns a station away: before the upgrade, or before HTTP even."""
    try:
        return (
            knock(secure.address, cp_id, headers=headers, tls=secure.context(client)).status == 401
        )
    except (ssl.SSLError, ConnectionError):
        return True


def test_tc_086_tls_server_side_certificate(secure, overseer, new_station, cp_id):
    enrolled(overseer, 2)
    station = new_station(address=secure.address)
    station.connects(password=PASSWORD, tls=secure.context())
    station.boots()
    overseer.sees_station(status="ONLINE", connectedProfile=2)
    assert refuses(secure, cp_id)
    assert knock(secure.server.ws, cp_id, headers=basic(cp_id, PASSWORD)).status == 401
    for suite in SUITES[secure.kind]:
        context = secure.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suite)
        opened = knock(secure.address, "OTHER", headers={}, tls=context)
        assert (opened.tls, opened.cipher) == ("TLSv1.2", suite)
    assert knock(secure.address, "OTHER", tls=secure.context()).tls == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_tls_older_than_1_2_is_refused(secure, version):
    context = secure.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):  # it is the server that says so
        knock(secure.address, "OTHER", tls=context)


@pytest.mark.parametrize("suites", ["AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA"])
def test_suites_without_forward_secrecy_or_gcm_are_refused(secure, suites):
    context = secure.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{suites}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):  # it is the server that says so
        knock(secure.address, "OTHER", tls=context)


def test_tc_087_tls_client_side_certificate(secure, overseer, new_station, cp_id):
    enrolled(overseer, 3)
    station = new_station(address=secure.address)
    station.connects(tls=secure.context(pki.station(cp_id, secure.root)))  # and no password
    station.boots()
    overseer.sees_station(status="ONLINE", connectedProfile=3)
    assert refuses(secure, cp_id, basic(cp_id, PASSWORD))  # a password is no certificate
    assert refuses(secure, cp_id, client=pki.station(f"{cp_id}-TWIN", secure.root))
    assert refuses(secure, cp_id, client=pki.station(cp_id, pki.authority("Somebody")))
    assert eventually(lambda: overseer.sees_station()["isConnected"])


def is_told(station, operator, action, **payload):
    """The station accepts what the operator, or the system by itself, asks of it."""
    assert station.expects(action) == payload
    station.answers(status="Accepted")


def comes_back(station, address, **credentials):
    """The station restarts, and connects as it was told to."""
    station.leaves()
    station.address = address
    station.connects(**credentials)
    station.boots()


def test_tc_083_upgrade_security_profile(secure, overseer, new_station, cp_id):
    enrolled(overseer, 1)
    station = new_station(address=secure.server.ws)
    station.connects(password=PASSWORD)
    station.boots()
    profile = {"key": "SecurityProfile", "value": "2"}
    overseer.sends("change-configuration", profile)
    is_told(station, overseer, "ChangeConfiguration", **profile)
    overseer.is_told(status="Accepted")
    overseer.sees_station(securityProfile=1, pendingProfile=2)
    overseer.sends("reset", {"type": "Hard"})
    is_told(station, overseer, "Reset", type="Hard")
    overseer.is_told(status="Accepted")
    comes_back(station, secure.address, password=PASSWORD, tls=secure.context())
    overseer.sees_station(securityProfile=2, pendingProfile=None)
    assert knock(secure.server.ws, cp_id, headers=basic(cp_id, PASSWORD)).status == 401
    overseer.sends("change-configuration", {**profile, "value": "1"})
    overseer.is_refused(400)  # never down again


def test_the_way_to_profile_3_takes_a_certificate_first(secure, overseer, new_station, cp_id):
    enrolled(overseer, 2)
    station = new_station(address=secure.address)
    station.connects(password=PASSWORD, tls=secure.context())
    station.boots()
    upgrade = overseer.issues(
        f"stations/{cp_id}/security-profile", {"securityProfile": 3}, status=202
    )
    where = f"profile-upgrades/{upgrade['id']}"
    trigger = {"requestedMessage": "SignChargePointCertificate"}
    is_told(station, overseer, "ExtendedTriggerMessage", **trigger)
    key = pki.a_key(secure.kind)
    asked = station.asks("SignCertificate", csr=pki.request(cp_id, key=key))
    assert asked == {"status": "Accepted"}
    chain = station.expects("CertificateSigned")["certificateChain"]
    station.answers(status="Accepted")
    own = pki.Identity(x509.load_pem_x509_certificate(chain.encode()), key)
    is_told(station, overseer, "ChangeConfiguration", key="SecurityProfile", value="3")
    is_told(station, overseer, "Reset", type="Hard")
    overseer.sees(where, outcome="Open", step="Restart")
    comes_back(station, secure.address, tls=secure.context(own))
    overseer.sees_station(securityProfile=3, connectedProfile=3)
    assert eventually(lambda: overseer.sees(where)["outcome"] == "Done")
    assert refuses(secure, cp_id, basic(cp_id, PASSWORD))
    [row] = overseer.lists(f"certificates?station={cp_id}")
    overseer.issues(f"certificates/{row['id']}/revoke", {"why": "stolen"}, status=200)
    assert refuses(secure, cp_id, client=own)
