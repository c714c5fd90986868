"""SECRET_KEY is another one: with the former in SECRET_KEY_FALLBACKS nothing is lost."""

from __future__ import annotations

import pytest

from cms.shared import sealing
from stations.models import KeyKind
from stations.services import authorities, keys
from stations.services import sealing as payloads
from tests.stations import given

FORMER, PASSWORD = "the former one " * 5, {"key": "AuthorizationKey", "value": "0011" * 10}
pytestmark = pytest.mark.django_db


@pytest.fixture
def changed(settings):
    """Changes SECRET_KEY, with the former one among the fallbacks or not."""
    settings.SECRET_KEY = FORMER

    def change(*, keeps: bool) -> None:
        settings.SECRET_KEY = "the new one " * 6
        settings.SECRET_KEY_FALLBACKS = [FORMER] if keeps else []

    return change


@pytest.mark.parametrize("keeps", [True, False])
def test_the_keys_of_stations(changed, keeps):
    station = given.a_station()
    key = keys.set_key(station=station)
    changed(keeps=keeps)
    assert keys.matches(station.key_hash, key) is keeps
    assert keys.matches(keys.hashed(key), key)


def test_the_private_keys_of_our_authorities(changed):
    made = authorities.own(KeyKind.RSA, at=given.NOON)
    changed(keeps=True)
    assert authorities.own(KeyKind.RSA, at=given.NOON).key.key_size == made.key.key_size


def test_passwords_that_wait_to_be_sent(changed):
    waiting = payloads.sealed(PASSWORD)
    changed(keeps=True)
    assert payloads.opened(waiting) == PASSWORD
    changed(keeps=False)
    with pytest.raises(sealing.Unreadable):
        payloads.opened(waiting)


@pytest.mark.parametrize("text", ["", "no base 64", "AAAA"])
def test_what_was_never_sealed_is_unreadable(text):
    with pytest.raises(sealing.Unreadable):
        sealing.opened(text, purpose=b"any", of="1")


def test_what_was_sealed_for_one_purpose_and_one_owner_is_no_others():
    text = sealing.sealed(b"secret", purpose=b"one", of="1")
    assert sealing.opened(text, purpose=b"one", of="1") == b"secret"
    for purpose, of in ((b"two", "1"), (b"one", "2")):
        with pytest.raises(sealing.Unreadable):
            sealing.opened(text, purpose=purpose, of=of)
