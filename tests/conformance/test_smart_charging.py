"""Smart charging: profiles are set, asked about and cleared."""

from __future__ import annotations

import pytest

from tests.conformance.station import ago


@pytest.fixture
def booted(station):
    """The station, booted."""
    station.boots()
    return station


def profile(number, purpose, **more):
    """A charging profile of one day with one limit; ``more`` are members of its own."""
    periods = [{"startPeriod": 0, "limit": 10.0, "numberPhases": 3}]
    schedule = {"duration": 86400, "chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    return {
        "chargingProfileId": number,
        "stackLevel": 1,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {**schedule, "startSchedule": ago()},
        **more,
    }


def sets(station, operator, connector, profile):
    """A SetChargingProfile, which the station accepts."""
    operator.sends(
        "set-charging-profile", {"connectorId": connector, "csChargingProfiles": profile}
    )
    asked = station.expects("SetChargingProfile", connectorId=connector)["csChargingProfiles"]
    for member, value in profile.items():
        if member != "chargingSchedule":
            assert asked[member] == value, member
    wanted, sent = profile["chargingSchedule"], asked["chargingSchedule"]
    assert sent["chargingRateUnit"] == wanted["chargingRateUnit"]
    assert sent["chargingSchedulePeriod"] == wanted["chargingSchedulePeriod"]
    station.answers(status="Accepted")
    operator.is_told(status="Accepted")


def clears(station, operator, **members):
    """A ClearChargingProfile, which the station accepts."""
    operator.sends("clear-charging-profile", members)
    assert station.expects("ClearChargingProfile") == members
    station.answers(status="Accepted")
    operator.is_told(status="Accepted")


def test_tc_056_tx_default_profile(booted, operator):
    validity = {"validFrom": ago(60), "validTo": ago(-1440)}
    sets(booted, operator, 1, profile(1, "TxDefaultProfile", **validity))


def test_tc_057_tx_profile(booted, operator, card):
    booted.reports("Preparing")
    assert booted.starts(card) == "Accepted"
    booted.reports("Charging")
    wanted = profile(2, "TxProfile", transactionId=booted.transaction_id)
    sets(booted, operator, 1, wanted)
    operator.sees_session(booted.transaction_id, sessionStatus="ACTIVE")


def test_tc_059_remote_start_with_a_charging_profile(booted, operator, card):
    wanted = profile(3, "TxProfile", chargingProfileKind="Relative")
    del wanted["chargingSchedule"]["startSchedule"]
    start = {"connectorId": 1, "idTag": card, "chargingProfile": wanted}
    operator.sends("remote-start-transaction", start)
    asked = booted.expects("RemoteStartTransaction", connectorId=1, idTag=card)["chargingProfile"]
    assert asked["chargingProfilePurpose"] == "TxProfile"
    assert "transactionId" not in asked  # there is none yet (section 5.16)
    assert asked["chargingSchedule"] == wanted["chargingSchedule"]
    booted.answers(status="Accepted")
    operator.is_told(status="Accepted")
    assert booted.authorizes(card) == "Accepted"
    booted.reports("Preparing")
    assert booted.starts(card) == "Accepted"
    booted.reports("Charging")
    operator.sees_session(booted.transaction_id, sessionStatus="ACTIVE", ocppIdTag=card)


@pytest.mark.parametrize("connector", [0, 1])
def test_tc_066_get_composite_schedule(booted, operator, connector):
    wanted = {"connectorId": connector, "duration": 300, "chargingRateUnit": "W"}
    operator.sends("get-composite-schedule", wanted)
    assert booted.expects("GetCompositeSchedule") == wanted
    periods = [{"startPeriod": 0, "limit": 11000.0}, {"startPeriod": 120, "limit": 6000.0}]
    schedule = {"duration": 300, "chargingRateUnit": "W", "chargingSchedulePeriod": periods}
    told = {"status": "Accepted", "connectorId": connector, "scheduleStart": ago()}
    booted.answers(**told, chargingSchedule=schedule)
    operator.is_told(**told, chargingSchedule=schedule)


def test_tc_067_clear_charging_profile(booted, operator):
    sets(booted, operator, 0, profile(11, "ChargePointMaxProfile", stackLevel=0))
    sets(booted, operator, 1, profile(12, "TxDefaultProfile", stackLevel=1))
    sets(booted, operator, 1, profile(13, "TxDefaultProfile", stackLevel=2))
    clears(booted, operator, id=11)
    purpose = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}
    clears(booted, operator, connectorId=1, **purpose)
    clears(booted, operator)  # all that are left
