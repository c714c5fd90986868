"""Credentials: new keys and higher profiles reach a station, and nobody is ever locked out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import Conflict, DomainError
from ocpp_gateway import outbox
from ocpp_gateway.authentication import Admission, admit
from stations.models import ChargingStation, Command
from stations.services import batches, commands, credentials, keys, sealing
from tests.conformance.station import basic
from tests.stations import given, talking

OLD, NEW = "an old key of twenty", "a new key of twenty."
ACCEPTED = {"status": "Accepted"}
REFUSALS = [{"status": "Rejected"}, {"status": "NotSupported"}, "NotSupported"]


@pytest.fixture
def keyed(connected):
    """A connected station with a key."""
    keys.set_key(station=connected, key=OLD)
    return connected


def change(station, key, value, **how):
    """A ChangeConfiguration, as any caller asks for it."""
    payload = {"key": key, "value": value}
    return commands.request(
        station=station, action="ChangeConfiguration", payload=payload, at=given.NOON, **how
    )


def hears(station, reply=ACCEPTED, minute=0.0):
    """What the station is sent; it answers ``reply``."""
    calls = talking.hear(station, lambda *_: reply, at=given.after(minute))
    return [call.payload for call in calls]


def lets_in(key, minute=1.0, secure=False):
    """Whether CP-1 may connect with this key, which counts as its login."""
    header = basic("CP-1", key)["Authorization"].encode() if key else b""
    scope = {
        "path": "/ocpp/CP-1",
        "headers": [(b"authorization", header)],
        "subprotocols": ["ocpp1.6"],
        "extensions": {"tls": {"client_cert_chain": [], "client_cert_error": None}}
        if secure
        else {},
    }
    return isinstance(admit(scope, given.after(minute)), Admission)


def now(station):
    """The station as it is stored."""
    return ChargingStation.objects.get(pk=station.pk)


def test_a_new_key_ends_the_old_one_at_its_first_login(keyed):
    change(keyed, "AuthorizationKey", NEW)
    assert hears(keyed) == [{"key": "AuthorizationKey", "value": NEW}]
    assert lets_in(OLD)
    assert lets_in(NEW)
    assert now(keyed).pending_keys == []
    assert not lets_in(OLD)
    assert lets_in(NEW)


@pytest.mark.parametrize("moment", ["before it is sent", "while it is open", "without an answer"])
def test_both_keys_are_taken_while_nobody_knows_which_counts(keyed, moment):
    change(keyed, "AuthorizationKey", NEW)
    if moment == "while it is open":
        outbox.next_call(station_id=keyed.pk, connection_id="socket-1", at=given.NOON)
    elif moment == "without an answer":
        hears(keyed, None)
    assert lets_in(OLD)
    assert lets_in(NEW, minute=2)
    assert not lets_in(OLD, minute=3)


@pytest.mark.parametrize(
    "reply", [{"status": "Rejected"}, {"status": "NotSupported"}, "NotSupported"]
)
def test_a_key_the_station_refused_never_counts(keyed, reply):
    change(keyed, "AuthorizationKey", NEW)
    hears(keyed, reply)
    assert not lets_in(NEW)
    assert lets_in(OLD)


def test_a_key_that_was_never_sent_never_counts(keyed):
    change(keyed, "AuthorizationKey", NEW)
    commands.expire_due(at=given.after(5))
    assert not lets_in(NEW)
    assert lets_in(OLD)


def test_an_error_that_may_have_come_after_the_change_leaves_both(keyed):
    change(keyed, "AuthorizationKey", NEW)
    hears(keyed, "InternalError")
    assert lets_in(OLD)
    assert lets_in(NEW)


def test_a_login_with_the_first_of_two_new_keys_leaves_the_second(keyed):
    change(keyed, "AuthorizationKey", NEW)
    hears(keyed, None)
    change(keyed, "AuthorizationKey", NEW * 2)
    assert lets_in(NEW)
    assert not lets_in(OLD)
    assert lets_in(NEW * 2)
    assert not lets_in(NEW)


def test_no_fourth_key_is_given_while_three_are_open(keyed):
    for number in range(3):
        change(keyed, "AuthorizationKey", NEW + str(number))
        hears(keyed, None)
    with pytest.raises(Conflict, match="unanswered"):
        change(keyed, "AuthorizationKey", NEW)
    assert Command.objects.count() == 3


def test_an_old_key_ends_a_day_after_the_station_took_the_new_one(keyed):
    change(keyed, "AuthorizationKey", NEW)
    hears(keyed)
    assert credentials.end_old_keys(at=given.NOON + timedelta(hours=23)) == 0
    assert credentials.end_old_keys(at=given.NOON + timedelta(hours=25)) == 1
    assert not lets_in(OLD)
    assert lets_in(NEW)


@pytest.mark.parametrize("reply", [None, {"status": "RebootRequired"}])
def test_an_old_key_does_not_end_by_itself_where_the_new_one_may_not_count_yet(keyed, reply):
    change(keyed, "AuthorizationKey", NEW)
    hears(keyed, reply)
    assert credentials.end_old_keys(at=given.NOON + timedelta(days=30)) == 0
    assert lets_in(OLD)


def test_a_station_without_a_key_needs_its_first_one_only_once_it_used_it(connected):
    change(connected, "AuthorizationKey", NEW)
    hears(connected)
    assert credentials.end_old_keys(at=given.NOON + timedelta(days=30)) == 0
    assert lets_in("")
    assert lets_in(NEW)
    assert not lets_in("")


@pytest.mark.parametrize("key", ["too short", "x" * 41, "sixteen\nletters!"])
def test_a_key_no_station_can_have_is_not_sent(keyed, key):
    with pytest.raises(DomainError, match="16 to 40"):
        change(keyed, "AuthorizationKey", key)
    assert not Command.objects.exists()
    assert now(keyed).pending_keys == []


def test_a_key_waits_encrypted_and_is_forgotten_afterwards(keyed, settings):
    command = change(keyed, "AuthorizationKey", NEW)
    command.refresh_from_db()
    assert NEW not in str(command.payload)
    assert sealing.opened(command.payload)["value"] == NEW
    settings.SECRET_KEY = "another " * 10
    assert hears(keyed) == []  # what it was sealed under is gone
    command.refresh_from_db()
    assert (command.status, command.payload["value"]) == ("Failed", "***")
    assert now(keyed).pending_keys == []


@pytest.mark.parametrize("presented", [b"sixteen bytes ok", "7369787465656E206279746573206F6B"])
def test_hexadecimal_digits_and_their_bytes_are_the_same_key(keyed, presented):
    change(keyed, "AuthorizationKey", "7369787465656e206279746573206f6b")
    hears(keyed)
    assert lets_in(presented)


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("sixteen bytes ok", "7369787465656e206279746573206f6b"),
        ("a text of more than twenty", "a text of more than twenty"),
        ("7369787465656E206279746573206F6B", "7369787465656E206279746573206F6B"),
    ],
)
def test_a_key_is_sent_as_hexadecimal_digits_where_they_fit(key, sent):
    assert keys.as_sent(key) == sent


@pytest.mark.parametrize(
    ("value", "error", "why"),
    [
        ("1", DomainError, "never lowered"),
        ("0", DomainError, "never lowered"),
        ("7", DomainError, "from 1 to 3"),
        ("two", DomainError, "from 1 to 3"),
        ("3", Conflict, "needs a certificate"),
    ],
)
def test_a_profile_that_cannot_be_is_not_sent(keyed, settings, value, error, why):
    settings.TLS_PORT = 1
    ChargingStation.objects.update(security_profile=2)
    with pytest.raises(error, match=why):
        change(keyed, "SecurityProfile", value)
    assert not Command.objects.exists()
    assert now(keyed).pending_profile is None


def test_a_profile_that_needs_tls_is_not_sent_where_there_is_none(keyed):
    with pytest.raises(Conflict, match="need TLS"):
        change(keyed, "SecurityProfile", "2")


def test_a_profile_that_needs_a_key_is_not_sent_to_a_station_without_one(connected):
    with pytest.raises(Conflict, match="needs a key"):
        change(connected, "SecurityProfile", "1")


@pytest.mark.parametrize("reply", [ACCEPTED, {"status": "RebootRequired"}, None])
def test_a_higher_profile_counts_from_the_login_that_proves_it(keyed, settings, reply):
    settings.TLS_PORT = 1
    change(keyed, "SecurityProfile", "2")
    hears(keyed, reply)
    assert lets_in(OLD)  # the old one still lets it in
    assert now(keyed).pending_profile == 2
    assert lets_in(OLD, secure=True)
    assert (now(keyed).security_profile, now(keyed).pending_profile) == (2, None)
    assert not lets_in(OLD)


@pytest.mark.parametrize(
    "reply", [{"status": "Rejected"}, {"status": "NotSupported"}, "NotSupported"]
)
def test_a_profile_the_station_refused_leaves_the_old_one(keyed, settings, reply):
    settings.TLS_PORT = 1
    change(keyed, "SecurityProfile", "2")
    hears(keyed, reply)
    assert now(keyed).pending_profile is None
    assert lets_in(OLD, secure=True)
    assert lets_in(OLD)


def test_a_batch_goes_on_past_a_profile_that_cannot_be(keyed, settings):
    settings.TLS_PORT = 1
    ChargingStation.objects.filter(pk=keyed.pk).update(security_profile=2)
    payload = {"key": "SecurityProfile", "value": "1"}
    lower = batches.Ask(keyed.pk, "ChangeConfiguration", payload)
    asks = [lower, batches.Ask(keyed.pk, "Reset", {"type": "Soft"})]
    batch = batches.create(title="Down", asks=asks, at=given.NOON)
    batches.advance(at=given.NOON)
    batches.advance(at=given.after(1))
    lowered, reset = batch.items.order_by("pk")
    assert (lowered.state, "never lowered" in lowered.detail) == ("Failed", True)
    assert reset.state == "Asked"
