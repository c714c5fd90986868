"""Derived: sessions stay right whatever stations do: retries, late arrivals, odd registers."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import issued
from tests.conformance.station import ago
from tests.web import logged_in


@pytest.fixture
def booted(station):
    """The station, booted, with two connectors."""
    station.boots(connectors=2)
    return station


@pytest.fixture
def sessions(operator):
    """The sessions of the station, newest first, as they are stored."""
    return lambda: operator.lists(f"sessions/station/{operator.cp_id}")


def test_d_02_start_transaction_repeated_is_one_session(booted, card, sessions):
    start = {"connectorId": 1, "idTag": card, "meterStart": 7, "timestamp": ago(5)}
    booted.begins("StartTransaction", start)  # the answer is lost with the connection
    booted.leaves()
    booted.connects()
    first = booted.asks("StartTransaction", **start)
    again = booted.asks("StartTransaction", **start)
    assert first == again
    assert [session["id"] for session in sessions()] == [first["transactionId"]]


@pytest.mark.parametrize("status", ["Blocked", "Invalid", "Expired", "ConcurrentTx"])
def test_d_03_start_transaction_with_a_refused_card_is_recorded(
    booted, new_station, operator, api, status
):
    fields = {"Blocked": {"status": "Blocked"}, "Expired": {"validUntil": ago(5)}}
    card = "NobodysCard" if status == "Invalid" else issued(api, **fields.get(status, {}))
    if status == "ConcurrentTx":
        elsewhere = new_station("-ELSEWHERE")
        elsewhere.connects()
        elsewhere.boots()
        assert elsewhere.starts(card) == "Accepted"
    assert booted.starts(card, meter=1000) == status
    booted.stops("DeAuthorized", meter=1200)  # the energy may flow anyway
    recorded = {"authorization": status, "sessionStatus": "COMPLETED", "energyKwh": 0.2}
    operator.sees_session(booted.transaction_id, **recorded)


def test_d_04_stop_transaction_is_always_answered(booted, operator, sessions, group, api):
    hers, his = issued(api, groupId=group.key), issued(api, groupId=group.key)
    assert booted.starts(hers, at=ago(50)) == "Accepted"
    sibling = booted.stops(at=ago(40), idTag=his)
    assert sibling["idTagInfo"] == {"status": "Accepted", "parentIdTag": group.parent}
    assert booted.starts(hers, at=ago(30)) == "Accepted"
    stop = {"meterStop": 5000, "timestamp": ago(20), "transactionId": booted.transaction_id}
    first, again = (booted.asks("StopTransaction", **stop) for _ in range(2))
    assert (first, again) == ({}, {})
    operator.sees_session(booted.transaction_id, stopReason="Local", energyKwh=4.0)
    known = len(sessions())
    for number in (2**31 - 1, -7):
        assert booted.stops(transactionId=number, at=ago(19)) == {}
    orphans = [row for row in sessions() if row["sessionStatus"] == "ORPHANED"]
    assert len(sessions()) == known + len(orphans) == known + 2
    assert all(row["needsReview"] for row in orphans)


def test_a_stop_before_its_start_is_answered_ends_that_session(booted, operator, card):
    start = {"connectorId": 1, "idTag": card, "meterStart": 0, "timestamp": ago(9)}
    stop = {"transactionId": -1, "meterStop": 500, "timestamp": ago(8), "idTag": card}
    started = booted.begins("StartTransaction", start)
    stopped = booted.begins("StopTransaction", stop)
    assert stopped.result(20)["idTagInfo"]["status"] == "Accepted"
    number = started.result(20)["transactionId"]
    operator.sees_session(number, sessionStatus="COMPLETED", energyKwh=0.5, needsReview=False)


def test_d_05_late_messages_are_filed_by_event_time(booted, operator, card):
    booted.reports("Charging")
    booted.reports("Preparing", timestamp=ago(61))  # it comes late, and changes nothing
    operator.sees_connector(status="Charging")
    assert booted.starts(card, at=ago(60), meter=1000) == "Accepted"
    booted.meters(3000, at=ago(30))
    booted.stops(at=ago(10), meter=4000)
    booted.meters(2500, at=ago(40))
    booted.meters(1500, at=ago(50))
    session = operator.sees_session(booted.transaction_id, sessionStatus="COMPLETED")
    assert (session["energyKwh"], session["needsReview"]) == (3.0, False)
    shown = operator.lists(f"sessions/{booted.transaction_id}/meter-values")
    assert [value["meterValue"] for value in shown] == [1500, 2500, 3000]


def test_d_06_one_card_charges_at_one_station(booted, new_station, card):
    assert booted.starts(card) == "Accepted"
    assert booted.authorizes(card) == "Accepted"
    elsewhere = new_station("-ELSEWHERE")
    elsewhere.connects()
    elsewhere.boots()
    assert elsewhere.authorizes(card) == "ConcurrentTx"
    booted.stops()
    assert elsewhere.authorizes(card) == "Accepted"


def test_d_07_letter_case_of_an_id_tag_does_not_count(booted, card):
    assert [booted.authorizes(c) for c in (card.upper(), card.lower())] == ["Accepted"] * 2
    assert booted.starts(card.swapcase()) == "Accepted"


def test_d_12_optional_members_may_be_missing(booted, operator, server, card):
    report = {"connectorId": 1, "status": "Charging", "errorCode": "NoError"}
    assert booted.asks("StatusNotification", **report) == {}
    operator.sees_connector(status="Charging")
    assert booted.starts(card, meter=0) == "Accepted"
    booted.meters(1234)  # no unit, no measurand, no context: Wh of the register
    [value] = operator.lists(f"sessions/{booted.transaction_id}/meter-values")
    assert (value["meterValue"], value["context"]) == (1234, "Sample.Periodic")
    element = {"timestamp": ago(), "sampledValue": [{"value": "5678"}]}
    assert booted.asks("MeterValues", connectorId=2, meterValue=[element]) == {}
    kept = logged_in(server).open(f"/admin/stations/metervalue/?q={booted.cp_id}/2")
    assert "5.678" in kept.body


def test_d_13_meter_values_of_every_kind(booted, operator, card):
    register = {"measurand": "Energy.Active.Import.Register"}
    current = {"measurand": "Current.Import", "unit": "A"}
    samples = [
        {"value": "2.5", "unit": "kWh", **register, "context": "Sample.Periodic"},
        *({"value": "16.0", "phase": phase, **current} for phase in ("L1", "L2", "L3")),
        {"value": "11.04", "measurand": "Power.Active.Import", "unit": "kW"},
        {"value": "41", "measurand": "SoC", "unit": "Percent"},
    ]
    signed = [{"value": "OCMF|{}|{}", "format": "SignedData", "context": "Transaction.End"}]
    assert booted.starts(card, at=ago(30), meter=1000) == "Accepted"
    told = {"connectorId": 1, "transactionId": booted.transaction_id}
    element = {"timestamp": ago(20), "sampledValue": samples}
    assert booted.asks("MeterValues", **told, meterValue=[element]) == {}
    begin = [{"value": "1000", "unit": "Wh", **register, "context": "Transaction.Begin"}]
    end = [{"value": "4000", "unit": "Wh", **register, "context": "Transaction.End"}]
    moments = ((30, begin), (10, end), (10, signed))
    data = [{"timestamp": ago(when), "sampledValue": each} for when, each in moments]
    booted.stops(at=ago(10), meter=4000, transactionData=data)
    operator.sees_session(booted.transaction_id, energyKwh=3.0, needsReview=False)
    shown = operator.lists(f"sessions/{booted.transaction_id}/meter-values")
    assert [value["meterValue"] for value in shown[:2]] == [1000, 2500]
    assert (shown[1]["powerW"], shown[1]["socPercent"]) == (11040, 41)
    assert {value["meterValue"] for value in shown[2:]} == {4000, None}
    assert "OCMF|{}|{}" in shown[2]["rawJson"] + shown[3]["rawJson"]


def test_d_14_registers_and_clocks_that_run_backwards(booted, operator, card):
    assert booted.starts(card, at=ago(60), meter=9000) == "Accepted"
    booted.stops(at=ago(50), meter=10)
    backwards = operator.sees_session(booted.transaction_id, needsReview=True)
    assert backwards["energyKwh"] >= 0
    assert "RegisterMismatch" in backwards["reviewReasons"]
    assert booted.starts(card, at=ago(20), meter=10) == "Accepted"
    booted.stops(at=ago(40), meter=110)
    skewed = operator.sees_session(booted.transaction_id, needsReview=True)
    assert skewed["energyKwh"] >= 0
    assert "ClockSkew" in skewed["reviewReasons"]


def test_d_15_start_on_a_connector_with_an_open_session(booted, operator, card, api):
    assert booted.starts(card, at=ago(60)) == "Accepted"
    stale = booted.transaction_id
    assert booted.starts(issued(api), at=ago(10)) == "Accepted"
    operator.sees_session(booted.transaction_id, sessionStatus="ACTIVE", needsReview=False)
    operator.sees_session(stale, sessionStatus="INFERRED", needsReview=True)
