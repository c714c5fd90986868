"""A session's page: figures, chart, what happened, and sections fetched when they are opened."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.shared import audit
from ocpp_gateway.models import OcppMessage
from stations.models import ChargingSession, MeterValue, StatusChange
from tests.admin.test_lists import BUDGET

pytestmark = pytest.mark.django_db


def at(name, session):
    return reverse(f"admin:stations_chargingsession_{name}", args=[session.pk])


def words(response):
    """What people read of an answer."""
    assert response.status_code == 200, response.content
    return " ".join(re.sub("<[^>]*>", " ", response.content.decode()).split())


@pytest.fixture
def measured(session):
    """Gives a session readings, ten seconds apart; its own of the fixture is the first."""

    def add(number, **more):
        first = session.meter_values.get()
        rows = [
            MeterValue(
                connector=first.connector,
                session=session,
                sampled_at=first.sampled_at + timedelta(seconds=10 * each),
                received_at=first.received_at,
                raw="[]",
                fingerprint=1000 + each,
                **{"power_w": 7000, "energy_wh": 6250 + each, **more},
            )
            for each in range(1, number + 1)
        ]
        return MeterValue.objects.bulk_create(rows)

    return add


@pytest.fixture
def reports(session):
    """Writes what the connector of a session reported, minutes after its start."""

    def say(minute, status):
        moment = session.started_at + timedelta(minutes=minute)
        StatusChange.objects.create(
            connector=session.connector, status=status, reported_at=moment, received_at=moment
        )

    return say


def test_the_top_says_mean_and_highest_power(session, measured, root):
    measured(3, power_w=22_000)
    ended = {"status": "Completed", "stopped_at": session.started_at + timedelta(minutes=30)}
    ChargingSession.objects.filter(pk=session.pk).update(**ended)
    shown = words(root.get(at("head", session)))
    assert "Average power 10.5 kW Peak 22.0 kW" in shown


def test_page_and_list_show_what_was_read_also_before_the_row_is_written(session, measured, root):
    measured(3)  # in the meter's register, not yet in the session's row
    assert "5.253" in words(root.get(at("change", session)))
    assert "5.253" in words(root.get(reverse("admin:stations_chargingsession_changelist")))


def test_the_page_takes_few_queries_however_much_happened(session, measured, reports, root):
    measured(100)
    for minute in range(20):
        reports(minute, "Charging" if minute % 2 else "SuspendedEV")
    for name in ("head", "story", "chart", "readings", "part_readings", "part_messages"):
        with CaptureQueriesContext(connection) as queries:
            assert root.get(at(name, session)).status_code == 200
        assert len(queries) <= BUDGET, name


def test_a_long_session_is_drawn_with_few_points_and_every_peak(session, measured, root):
    rows = measured(1200)
    MeterValue.objects.filter(pk=rows[777].pk).update(power_w=43_210)
    drawn = root.get(at("chart", session)).json()
    powers = [point[1] for point in drawn["points"]]
    assert 100 < len(powers) <= 500
    assert max(powers) == 43.21
    times = [point[0] for point in drawn["points"]]
    assert times == sorted(times)


def test_a_session_without_readings_has_an_empty_chart(session, root):
    session.meter_values.all().delete()
    assert root.get(at("chart", session)).json()["points"] == []


def test_the_chart_says_when_the_vehicle_took_nothing(session, measured, reports, root):
    measured(30)
    MeterValue.objects.filter(session=session).update(sampled_at=session.started_at)
    last = session.meter_values.last()
    last.sampled_at = session.started_at + timedelta(minutes=30)
    last.save()
    reports(5, "SuspendedEV")
    reports(15, "Charging")
    reports(25, "SuspendedEVSE")
    start = round(session.started_at.timestamp() * 1000)
    idle = root.get(at("chart", session)).json()["idle"]
    spans = [((one["since"] - start) / 60_000, (one["until"] - start) / 60_000) for one in idle]
    assert spans == [(5, 15), (25, 30)]


def test_what_happened_is_told_in_order_with_the_reason_in_words(session, reports, root):
    for minute, status in (
        *((-2, "Preparing"), (1, "Charging"), (10, "SuspendedEV")),
        *((12, "Charging"), (20, "Finishing"), (25, "Available")),
    ):
        reports(minute, status)
    ChargingSession.objects.filter(pk=session.pk).update(
        status="Completed",
        stopped_at=session.started_at + timedelta(minutes=20),
        stop_reason="EVDisconnected",
    )
    shown = words(root.get(at("story", session)))
    told = ("Cable in", "Authorised", "Charging", "Paused by the vehicle", "Stopped")
    more = ("the cable was taken out at the vehicle", "the cable is still in", "Connector free")
    places = [shown.find(word) for word in (*told, *more)]
    assert -1 not in places
    assert places == sorted(places)


def test_a_refused_card_that_charges_all_the_same_is_told_so(session, root):
    ChargingSession.objects.filter(pk=session.pk).update(authorization="Invalid")
    shown = words(root.get(at("story", session)))
    assert "Not authorised" in shown
    assert "Invalid; energy may flow all the same" in shown


def test_meter_values_come_page_by_page_each_once(session, measured, root):
    rows = measured(120)
    MeterValue.objects.filter(pk__in=[row.pk for row in rows[:70]]).update(
        sampled_at=rows[0].sampled_at  # many at one moment
    )
    text = root.get(at("part_readings", session)).content.decode()
    seen = 0
    while True:
        seen += text.count('<tr><td><time class="vd-time"')
        more = re.search(r'hx-get="([^"]*)"', text)
        if more is None:
            break
        text = root.get(more[1]).content.decode()
    assert seen == 121


@pytest.mark.parametrize("odd", ["x", "1-", "-1", "9" * 40 + "-1", "١-١"])
def test_a_mark_that_is_none_begins_at_the_newest(odd, session, root):
    assert words(root.get(at("readings", session), {"before": odd})).count("kWh") == 1


def saved(client, session):
    response = client.get(at("readings_csv", session))
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def test_all_meter_values_are_saved_in_order_of_time(session, measured, root):
    measured(1100)
    with CaptureQueriesContext(connection) as queries:
        rows = saved(root, session)
    assert len(rows) == 1101
    assert [row["sampled_at"] for row in rows] == sorted(row["sampled_at"] for row in rows)
    assert sum("LIMIT 1000" in query["sql"] for query in queries) == 2


def test_nothing_in_the_file_is_taken_for_a_formula(session, root):
    session.meter_values.update(context="=cmd()", raw="@x")
    [row] = saved(root, session)
    assert (row["context"], row["raw"]) == ("'=cmd()", "'@x")


def said(session, request, **more):
    given = {"direction": "Received", "action": "MeterValues", "at": timezone.now()}
    row = {"station": session.station, "message_id": "m", "response": "[3]", **given, **more}
    return OcppMessage.objects.create(request=request, **row)


def test_messages_of_the_session_are_those_that_name_it(session, offline, root):
    ours = [
        said(session, f'[2,"a","MeterValues",{{"transactionId": {session.pk}}}]'),
        said(session, "[2]", response=f'[3,"a",{{"transactionId":{session.pk},"idTagInfo":1}}]'),
    ]
    said(session, f'[2,"a","MeterValues",{{"transactionId":{session.pk}7}}]')
    said(session, f'[2,"a","MeterValues",{{"transactionId":{session.pk}}}]', station=offline)
    old = session.started_at - timedelta(days=3)
    said(session, f'[2,"a","MeterValues",{{"transactionId":{session.pk}}}]', at=old)
    text = root.get(at("part_messages", session)).content.decode()
    found = {int(number) for number in re.findall(r'data-id="(\d+)"', text)}
    assert found == {row.pk for row in ours}


def test_who_did_what_names_commands_of_the_session(session, command, root):
    command.action, command.payload = "RemoteStopTransaction", {"transactionId": session.pk}
    command.save()
    assert "RemoteStopTransaction" in words(root.get(at("part_history", session)))
    command.payload = {"transactionId": session.pk + 1}
    command.save()
    assert "Nobody did anything" in words(root.get(at("part_history", session)))


def test_who_did_what_has_the_entries_of_the_audit_trail(session, root):
    audit.note(session, "Looked into", reason="the driver complained")
    shown = words(root.get(at("part_history", session)))
    assert "Looked into" in shown
    assert "reason: the driver complained" in shown


PARTS = {
    "part_readings": "stations.view_metervalue",
    "part_messages": "ocpp_gateway.view_ocppmessage",
    "part_ledger": "billing.view_journalentry",
    "part_history": "stations.view_command",
    "readings": "stations.view_metervalue",
    "readings_csv": "stations.view_metervalue",
}


@pytest.mark.parametrize(("name", "permission"), PARTS.items())
def test_a_section_is_for_who_may_see_what_is_in_it(name, permission, session, client_with):
    narrow = client_with("stations.view_chargingsession")
    assert narrow.get(at(name, session)).status_code == 403
    assert at(name, session) not in narrow.get(at("change", session)).content.decode()
    wide = client_with("stations.view_chargingsession", permission)
    assert wide.get(at(name, session)).status_code == 200
    assert client_with(permission).get(at(name, session)).status_code == 403
