"""Core: an operator resets a station, reads and changes its configuration, clears its cache."""

from __future__ import annotations

import pytest

INTERVAL = "MeterValueSampleInterval"


@pytest.fixture
def booted(station):
    """The station, booted."""
    station.boots()
    return station


def resets(station, operator, kind):
    """A Reset of this kind; the station goes, comes back and boots."""
    before = operator.sees_station()["lastBootAt"]
    operator.sends("reset", {"type": kind})
    asked = station.expects("Reset", type=kind)
    assert set(asked) == {"type"}
    station.answers(status="Accepted")
    operator.is_told(status="Accepted")
    station.leaves()
    station.connects()
    station.boots(connectors=2)
    shown = operator.sees_station(status="ONLINE", isConnected=True)
    assert shown["lastBootAt"] > before


def changes(station, operator, key, value, status):
    """A ChangeConfiguration, which the station answers with a status."""
    operator.sends("change-configuration", {"key": key, "value": value})
    asked = station.expects("ChangeConfiguration", key=key, value=value)
    assert set(asked) == {"key", "value"}
    station.answers(status=status)
    operator.is_told(status=status)


def known(operator):
    """The configuration as it is stored."""
    rows = operator.lists(f"stations/{operator.cp_id}/configuration")
    return {row["key"]: row["value"] for row in rows}


def test_tc_013_hard_reset(booted, operator):
    resets(booted, operator, "Hard")


def test_tc_014_soft_reset(booted, operator):
    resets(booted, operator, "Soft")


def test_tc_019_1_retrieve_all_configuration_keys(booted, operator):
    operator.sends("get-configuration")
    assert not booted.expects("GetConfiguration").get("key")
    keys = {"HeartbeatInterval": "60", "NumberOfConnectors": "1", INTERVAL: "30"}
    told = [{"key": key, "readonly": False, "value": value} for key, value in keys.items()]
    booted.answers(configurationKey=told)
    operator.is_told(configurationKey=told)
    assert known(operator) == keys


def test_tc_019_2_retrieve_specific_configuration_key(booted, operator):
    key = "SupportedFeatureProfiles"
    operator.sends("get-configuration", {"key": [key]})
    booted.expects("GetConfiguration", key=[key])
    told = [{"key": key, "readonly": True, "value": "Core,Reservation"}]
    booted.answers(configurationKey=told)
    operator.is_told(configurationKey=told)
    assert known(operator)[key] == "Core,Reservation"


def test_tc_021_change_configuration(booted, operator):
    changes(booted, operator, INTERVAL, "60", "Accepted")
    assert known(operator)[INTERVAL] == "60"


def test_tc_040_1_configuration_key_not_supported(booted, operator):
    changes(booted, operator, "ColourOfTheSky", "blue", "NotSupported")
    assert "ColourOfTheSky" not in known(operator)


def test_tc_040_2_configuration_value_invalid(booted, operator):
    changes(booted, operator, INTERVAL, "-1", "Rejected")
    assert known(operator).get(INTERVAL) != "-1"


def test_tc_061_clear_authorization_cache(booted, operator):
    operator.sends("clear-cache")
    assert booted.expects("ClearCache") == {}
    booted.answers(status="Accepted")
    operator.is_told(status="Accepted")
