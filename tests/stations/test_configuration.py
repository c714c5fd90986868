"""Configuration keys: what a station told of its settings."""

from __future__ import annotations

from stations.models import ConfigurationKey
from stations.services import configuration
from stations.services.configuration import Setting
from tests.stations import given


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
