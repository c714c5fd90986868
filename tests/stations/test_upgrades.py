"""Upgrades: a station is taken to a higher profile, its key or certificate first; or it stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import Conflict, DomainError, StationOffline
from stations.models import ChargingStation, ProfileUpgrade
from stations.services import credentials, issuing, keys, stations, upgrades
from stations.services.asking import Request
from tests import pki
from tests.stations import given, talking

ACCEPTED = {"status": "Accepted"}


@pytest.fixture(autouse=True)
def _tls(settings):
    settings.TLS_PORT = 1


@pytest.fixture
def keyed(connected):
    """A connected station with a key, which it proved."""
    keys.set_key(station=connected, key="a key of twenty chars")
    ChargingStation.objects.update(connected_profile=1)
    return connected


def begin(station, profile, **how):
    """An upgrade somebody asks for at noon."""
    return upgrades.begin(station=station, profile=profile, request=Request(given.NOON, **how))


def goes_on(station, reply=ACCEPTED, minute=0.0):
    """The station answers what it is asked, and the upgrade goes on; gives what it was asked."""
    heard = talking.hear(station, lambda *_: reply, at=given.after(minute))
    upgrades.advance(at=given.after(minute))
    return [(call.action, call.payload.get("key", "")) for call in heard]


def comes_back(station, profile, key_hash=None):
    """It connects with this profile."""
    credentials.proved(station_id=station.pk, key_hash=key_hash, profile=profile)
    upgrades.advance(at=given.after(5))


def stands():
    """Step and outcome of the one upgrade."""
    upgrade = ProfileUpgrade.objects.get()
    return upgrade.step, upgrade.outcome


def profile(station):
    """What the station must connect with, and what it was told."""
    row = ChargingStation.objects.get(pk=station.pk)
    return row.security_profile, row.pending_profile


def test_from_a_password_to_one_over_tls(keyed):
    begin(keyed, 2)
    assert goes_on(keyed) == [("ChangeConfiguration", "SecurityProfile")]
    assert profile(keyed) == (None, 2)
    assert goes_on(keyed) == [("Reset", "")]
    assert stands() == ("Restart", "Open")
    comes_back(keyed, 1)  # it was too early
    assert (stands(), profile(keyed)) == (("Restart", "Open"), (None, 2))
    comes_back(keyed, 2)
    assert (stands(), profile(keyed)) == (("Restart", "Done"), (2, None))


def test_a_station_without_a_key_is_given_one_first(connected):
    begin(connected, 1)
    assert goes_on(connected) == [("ChangeConfiguration", "AuthorizationKey")]
    assert goes_on(connected) == [("ChangeConfiguration", "SecurityProfile")]
    assert goes_on(connected) == [("Reset", "")]
    [pending] = ChargingStation.objects.get().pending_keys
    comes_back(connected, 1, pending["hash"])
    assert (stands(), profile(connected)) == (("Restart", "Done"), (1, None))
    assert ChargingStation.objects.get().key_hash == pending["hash"]


def asks_for_a_certificate(station, minute):
    """The station's SignCertificate, signed and sent."""
    at = given.after(minute)
    assert issuing.requested(station_id=station.pk, csr=pki.request("CP-1"), at=at)
    issuing.issue_due(at=at)


def test_a_station_without_a_certificate_is_given_one_first(keyed):
    begin(keyed, 3)
    assert goes_on(keyed) == [("ExtendedTriggerMessage", "")]
    assert stands() == ("Certificate", "Open")
    asks_for_a_certificate(keyed, 1)
    assert goes_on(keyed, minute=1) == [("CertificateSigned", "")]
    assert goes_on(keyed, minute=2) == [("ChangeConfiguration", "SecurityProfile")]
    assert goes_on(keyed, minute=2) == [("Reset", "")]
    comes_back(keyed, 3)
    assert (stands(), profile(keyed)) == (("Restart", "Done"), (3, None))


def test_a_certificate_it_has_already_is_good_enough(keyed):
    asks_for_a_certificate(keyed, -10)
    goes_on(keyed)
    begin(keyed, 3)
    assert goes_on(keyed) == [("ChangeConfiguration", "SecurityProfile")]


@pytest.mark.parametrize("reply", [{"status": "Rejected"}, None, "GenericError"])
@pytest.mark.parametrize("to", [1, 2, 3])
def test_what_the_station_refuses_leaves_the_old_profile(connected, to, reply):
    if to == 2:
        keys.set_key(station=connected, key="a key of twenty chars")
    begin(connected, to)
    goes_on(connected, reply)
    assert stands()[1] == "Failed"
    assert ProfileUpgrade.objects.get().reason
    assert profile(connected)[0] is None
    assert goes_on(connected) == []


def test_a_certificate_the_station_refuses_ends_it(keyed):
    begin(keyed, 3)
    goes_on(keyed)
    asks_for_a_certificate(keyed, 1)
    goes_on(keyed, {"status": "Rejected"}, minute=1)
    assert stands() == ("Certificate", "Failed")
    assert "certificate" in ProfileUpgrade.objects.get().reason


def test_a_station_that_never_comes_back_with_it_keeps_the_old_profile(keyed):
    begin(keyed, 2)
    goes_on(keyed)
    goes_on(keyed)
    upgrades.advance(at=given.NOON + timedelta(hours=1))
    assert stands() == ("Restart", "Failed")
    assert profile(keyed)[0] is None


def test_a_refused_reset_does_not_end_it(keyed):
    begin(keyed, 2)
    goes_on(keyed)
    goes_on(keyed, {"status": "Rejected"})
    assert stands() == ("Restart", "Open")
    comes_back(keyed, 2)
    assert stands() == ("Restart", "Done")


def test_a_process_that_died_between_two_steps_loses_nothing(keyed):
    begin(keyed, 2)
    talking.hear(keyed, lambda *_: ACCEPTED, at=given.NOON)  # answered, and nobody looked
    assert stands() == ("Profile", "Open")
    upgrades.advance(at=given.after(3))
    upgrades.advance(at=given.after(3))
    assert goes_on(keyed, minute=3) == [("Reset", "")]


@pytest.mark.parametrize("wrong", [0, 1, 4])
def test_only_a_higher_profile_may_be_asked_for(keyed, wrong):
    with pytest.raises(DomainError) as refusal:
        begin(keyed, wrong)
    assert "securityProfile" in refusal.value.fields


def test_tls_must_be_there_for_the_profiles_that_need_it(keyed, settings):
    settings.TLS_PORT = 0
    with pytest.raises(Conflict, match="need TLS"):
        begin(keyed, 2)


def test_one_upgrade_at_a_time_and_the_same_word_is_the_same_one(keyed):
    first = begin(keyed, 2, idempotency_key="a")
    assert begin(keyed, 2, idempotency_key="a") == first
    with pytest.raises(Conflict, match="Idempotency-Key"):
        begin(keyed, 3, idempotency_key="a")
    with pytest.raises(Conflict, match="already"):
        begin(keyed, 3)


def test_nothing_is_begun_where_the_station_is_away(keyed):
    stations.disconnected(station_id=keyed.pk, connection_id="socket-1", at=given.NOON)
    with pytest.raises(StationOffline):
        begin(keyed, 2)
    assert not ProfileUpgrade.objects.exists()
    assert profile(keyed) == (None, None)
