"""Configuration keys: what a station told of its settings."""

from __future__ import annotations

from stations.models import ConfigurationChange, ConfigurationKey, ConfigurationRead
from stations.services import commands, configuration
from stations.services.configuration import Setting
from tests.stations import given
from tests.stations.talking import hear


def read(station, *settings):
    """The station's answer to GetConfiguration."""
    configuration.read(station_id=station.pk, settings=list(settings), at=given.NOON)


def stored(station):
    """Its settings as they are stored."""
    return dict(ConfigurationKey.objects.filter(station=station).values_list("key", "value"))


def test_it_keeps_what_the_station_reports(station):
    read(station, Setting("HeartbeatInterval", "60", False), Setting("Vendor", "Acme", True))
    assert stored(station) == {"HeartbeatInterval": "60", "Vendor": "Acme"}
    assert ConfigurationKey.objects.get(key="Vendor").readonly


def test_it_replaces_what_it_knew_and_keeps_what_was_not_named(station):
    read(station, Setting("A", "1", False), Setting("B", "1", False))
    read(station, Setting("B", "2", False))
    assert stored(station) == {"A": "1", "B": "2"}


def test_a_key_named_twice_counts_as_it_was_named_last(station):
    read(station, Setting("A", "1", False), Setting("A", "2", False))
    assert stored(station) == {"A": "2"}


def test_it_keeps_values_of_any_length(station):
    read(station, Setting("K" * 999, "v" * 9999, False))
    assert stored(station) == {"K" * 255: "v" * 9999}


def test_nothing_reported_changes_nothing(station):
    read(station, Setting("A", "1", False))
    read(station)
    assert stored(station) == {"A": "1"}


def test_stations_have_settings_of_their_own(station, other_station):
    read(station, Setting("A", "1", False))
    assert stored(other_station) == {}


def test_a_value_the_station_took_replaces_the_one_known(station):
    read(station, Setting("A", "1", True))
    configuration.changed(station_id=station.pk, key="A", value="2", at=given.after(1))
    changed = ConfigurationKey.objects.get()
    assert (changed.value, changed.readonly, changed.read_at) == ("2", True, given.after(1))


def test_a_value_of_a_key_nobody_read_is_kept(station):
    configuration.changed(station_id=station.pk, key="New", value="1", at=given.NOON)
    assert stored(station) == {"New": "1"}


def history(station):
    """What changed: key, from, to, through what."""
    rows = ConfigurationChange.objects.filter(station=station).order_by("id")
    return list(rows.values_list("key", "old_value", "new_value", "cause"))


def test_what_is_read_for_the_first_time_is_no_change(station):
    read(station, Setting("A", "1", False))
    assert history(station) == []


def test_a_value_found_to_be_another_one_is_history(station):
    read(station, Setting("A", "1", False), Setting("B", "1", False))
    read(station, Setting("A", "2", False), Setting("B", "1", False))
    assert history(station) == [("A", "1", "2", "Read")]


def test_a_value_we_changed_is_history_with_who_asked(connected, django_user_model):
    user = django_user_model.objects.create_user("ada")
    read(connected, Setting("A", "1", False))
    command = commands.request(
        station=connected,
        action="ChangeConfiguration",
        payload={"key": "A", "value": "2"},
        at=given.NOON,
        requested_by_id=user.pk,
    )
    hear(connected, lambda *_: {"status": "Accepted"}, at=given.NOON)
    assert history(connected) == [("A", "1", "2", "Changed")]
    change = ConfigurationChange.objects.get()
    assert (change.command, change.changed_by) == (command, user)


def test_a_secret_is_neither_kept_nor_history(station):
    read(station, Setting("AuthorizationKey", "geheim", False))
    configuration.changed(
        station_id=station.pk, key="AuthorizationKey", value="geheim", at=given.NOON
    )
    assert stored(station) == {}
    assert history(station) == []


def test_a_key_it_does_not_have_is_noted_until_it_has_it(connected):
    commands.request(
        station=connected,
        action="ChangeConfiguration",
        payload={"key": "Colour", "value": "red"},
        at=given.NOON,
    )
    hear(connected, lambda *_: {"status": "NotSupported"}, at=given.NOON)
    noted = ConfigurationRead.objects.get(station=connected)
    assert noted.unknown_keys == ["Colour"]
    read(connected, Setting("Colour", "blue", False))
    noted.refresh_from_db()
    assert noted.unknown_keys == []


def test_old_history_is_forgotten(station):
    read(station, Setting("A", "1", False))
    read(station, Setting("A", "2", False))
    assert configuration.prune_changes(before=given.NOON) == 0
    assert configuration.prune_changes(before=given.after(1)) == 1
