"""The world of the benchmark of pages: what a year leaves behind, made by the database itself.

Numbers are given here, not by sequences, so that every row can say which others it belongs to.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.benchmarks.series import OUTLETS, STATIONS, began, outlet, rows, station

SITES = 20
# At scale 1
CARDS, SESSIONS, MESSAGES, VALUES_EACH = 20_000, 200_000, 1_000_000, 25
LONG_VALUES = 3_000  # of one session: a night at one reading every ten seconds


def fill(scale: float) -> None:
    """400 stations at 20 sites, and ``scale`` of the rest; the tables are analyzed after it."""
    from django.db import connection, transaction

    from tests.benchmarks import pages_money

    sessions = max(int(SESSIONS * scale), 4 * OUTLETS)
    cards = max(int(CARDS * scale), 100)
    with transaction.atomic(), connection.cursor() as cursor:
        # Rows that were written one by one passed the checks; these would pass them, too.
        cursor.execute("SET LOCAL session_replication_role = replica")
        _places()
        _cards(cards)
        _sessions(sessions, cards)
        _messages(max(int(MESSAGES * scale), 1000))
        _work(max(int(50_000 * scale), 1000), sessions)
        _records(max(int(20_000 * scale), 1000))
        pages_money.fill(sessions)
    _settle()


def _places() -> None:
    from stations.models import ChargingStation, Connector, Site

    place = {"latitude": "47 + n * 0.3", "longitude": "6 + n * 0.4", "country": "'DE'"}
    rows(Site, SITES, name="'Site ' || n", city="'City ' || n", **place)
    rows(
        ChargingStation,
        STATIONS,
        cp_id="'CP-' || lpad(n::text, 4, '0')",
        site_id=f"n % {SITES} + 1",
        vendor="'Vendor ' || n % 5",
        model="'Model ' || n % 9",
        firmware_version="'1.' || n % 4",
        protocol="'ocpp1.6'",
        online="n % 20 > 0",
        connection_id="'socket-' || n",
        last_seen_at="now() - n * interval '1 second'",
        disconnected_at="now() - n * interval '1 hour'",
    )
    states = "'{Available,Charging,Charging,Preparing,SuspendedEV,Available,Available}'::text[]"
    rows(
        Connector,
        3 * STATIONS,
        station_id="(n - 1) / 3 + 1",
        connector_id="(n - 1) % 3",
        status=f"CASE WHEN n % 97 = 0 THEN 'Faulted' ELSE ({states})[n % 7 + 1] END",
        status_at="now() - n * interval '1 minute'",
        status_received_at="now() - n * interval '1 minute'",
    )


def _cards(number: int) -> None:
    from cms.accounts.models import User
    from rfid.models import CardChange, CardGroup, RfidCard

    rows(User, 2000, username="'driver-' || n", is_active="true", date_joined="now()")
    rows(CardGroup, 50, name="'Group ' || n", parent_id_tag="'GROUP' || n")
    rows(
        RfidCard,
        number,
        id_tag="'TAG' || lpad(n::text, 6, '0')",
        label="'Card ' || n",
        status="CASE WHEN n % 30 = 0 THEN 'Blocked' ELSE 'Active' END",
        valid_until="CASE WHEN n % 40 = 0 THEN now() + n % 60 * interval '1 day' END",
        group_id="CASE WHEN n % 3 = 0 THEN n % 50 + 1 END",
        user_id="CASE WHEN n % 4 = 0 THEN n % 2000 + 1 END",
    )
    tag = "'TAG' || lpad(n::text, 6, '0')"
    rows(CardChange, number, card_id="n", id_tag=tag, kind="'Imported'", by_name="'root'")


def _sessions(number: int, cards: int) -> None:
    from stations.models import ChargingSession, MeterValue, StatusChange

    card, start = f"(n::bigint * 7 % {cards} + 1)", began("n", number)
    under_way = f"n > {number} - 200"
    stop = f"CASE WHEN NOT {under_way} THEN {start} + interval '55 minutes' END"
    rows(
        ChargingSession,
        number,
        station_id=station("n"),
        connector_id=outlet("n"),
        card_id=card,
        id_tag=f"'TAG' || lpad({card}::text, 6, '0')",
        authorization="'Accepted'",
        status=f"CASE WHEN {under_way} THEN 'Active' ELSE 'Completed' END",
        started_at=start,
        start_received_at=start,
        meter_start_wh="n / 800 * 30000",
        stopped_at=stop,
        stop_received_at=stop,
        meter_stop_wh=f"CASE WHEN NOT {under_way} THEN n / 800 * 30000 + 5000 + n % 20000 END",
        energy_wh="5000 + n % 20000",
        power_w=f"CASE WHEN {under_way} THEN 11000 END",
        last_reading_at=f"{start} + interval '50 minutes'",
        needs_review="n % 500 = 0",
        review_reasons="""CASE WHEN n % 500 = 0 THEN '["SecondStop"]' ELSE '[]' END::jsonb""",
    )
    session = f"((n - 1) / {VALUES_EACH} + 1)"
    _values(MeterValue, number * VALUES_EACH, session, number, f"(n - 1) % {VALUES_EACH} * 120", 0)
    long = f"{(number - 300) // 40 * 40}"  # at the second site
    _values(MeterValue, LONG_VALUES, long, number, "n", number * VALUES_EACH)
    moment = f"({began('((n + 1) / 2)', number)} + n % 2 * interval '-1 second')"
    rows(
        StatusChange,
        2 * number,
        connector_id=outlet("((n + 1) / 2)"),
        status="CASE WHEN n % 2 = 1 THEN 'Preparing' ELSE 'Charging' END",
        error_code="'NoError'",
        reported_at=moment,
        received_at=moment,
    )


def _values(model: Any, number: int, session: str, total: int, second: str, behind: int) -> None:
    moment = f"({began(session, total)} + {second} * interval '1 second')"
    raw = (
        """'[{"value": "' || n || '", "measurand": "Energy.Active.Import.Register", "unit":"""
        """ "Wh"}, {"value": "11000", "measurand": "Power.Active.Import", "unit": "W"}]'"""
    )
    rows(
        model,
        number,
        id=f"n + {behind}",
        connector_id=outlet(session),
        session_id=session,
        sampled_at=moment,
        received_at=moment,
        context="'Sample.Periodic'",
        energy_wh=f"{session} / 800 * 30000 + {second}",
        power_w=f"11000 - {second} % 500",
        raw=raw,
        fingerprint=f"n + {behind}",
    )


def _messages(number: int) -> None:
    from cms.shared import clock
    from ocpp_gateway import days
    from ocpp_gateway.models import OcppMessage

    today = clock.now().date()
    days.make(today - timedelta(days=30), today)  # as after a month
    turn = f"(n / {STATIONS} % 50)"
    action = (
        f"(CASE {turn} WHEN 0 THEN 'StartTransaction' WHEN 1 THEN 'StopTransaction'"
        " WHEN 2 THEN 'Authorize' WHEN 3 THEN 'BootNotification' WHEN 4 THEN"
        f" 'RemoteStartTransaction' ELSE CASE WHEN {turn} < 10 THEN 'StatusNotification'"
        f" WHEN {turn} < 30 THEN 'Heartbeat' ELSE 'MeterValues' END END)"
    )
    payload = """'{"connectorId": 1, "transactionId": ' || n || ', "idTag": "TAG' || n % 20000"""
    rows(
        OcppMessage,
        number,
        station_id=f"n % {STATIONS} + 1",
        direction=f"CASE {turn} WHEN 4 THEN 'Sent' ELSE 'Received' END",
        message_id="'message-' || n",
        action=action,
        request=f"""'[2, "message-' || n || '", "' || {action} || '", ' || {payload} || '"}}]'""",
        response="""'[3, "message-' || n || '", {"idTagInfo": {"status": "Accepted"}}]'""",
        error_code="CASE WHEN n % 5000 = 0 THEN 'InternalError' ELSE '' END",
        at=f"now() - interval '10 days' * ({number} - n) / {number}",
        latency_ms="n % 90",
    )


def _work(number: int, sessions: int) -> None:
    from stations.models import BatchItem, Command, CommandBatch, Reservation, ReviewCase

    ago = f"(now() - interval '200 days' * ({number} - n) / {number})"
    waits = f"n > {number} - 30"
    rows(
        Command,
        number,
        station_id=f"n % {STATIONS} + 1",
        action="CASE WHEN n % 3 = 0 THEN 'RemoteStartTransaction' ELSE 'TriggerMessage' END",
        payload="""'{"idTag": "TAG000001", "connectorId": 1}'::jsonb""",
        status=f"CASE WHEN {waits} THEN 'Waiting' ELSE 'Answered' END",
        requested_at=ago,
        send_before=f"{ago} + interval '1 hour'",
        sent_at=ago,
        settled_at=f"CASE WHEN NOT {waits} THEN {ago} END",
        answer="""'{"status": "Accepted"}'::jsonb""",
        answer_status="'Accepted'",
    )
    rows(CommandBatch, 50, title="'Reset of all'", requested_at=ago, finished_at=ago)
    each = {"batch_id": "n % 50 + 1", "station_id": f"n % {STATIONS} + 1", "state": "'Done'"}
    rows(BatchItem, number, action="'Reset'", **each)
    rows(
        Reservation,
        number // 5,
        station_id=station("n"),
        connector_id=outlet("n"),
        id_tag="'TAG' || lpad(n::text, 6, '0')",
        status=f"CASE WHEN n > {number // 5} - 50 THEN 'Accepted' ELSE 'Used' END",
        requested_at=ago,
        expires_at="now() + interval '1 hour'",
    )
    settled = f"n <= {number // 5} - 150"
    rows(
        ReviewCase,
        number // 5,
        kind="('{UnknownCard,SecondStop,RejectedConnection,NoEffect}'::text[])[n % 4 + 1]",
        subject="'subject ' || n",
        state=f"CASE WHEN {settled} THEN 'Settled' ELSE 'Open' END",
        station_id=f"n % {STATIONS} + 1",
        session_id=f"CASE WHEN n % 4 = 1 THEN {sessions} - n % {sessions} END",
        cp_id=f"'CP-' || lpad((n % {STATIONS} + 1)::text, 4, '0')",
        id_tag="'NEW' || n",
        first_seen_at=ago,
        last_seen_at=ago,
        settled_at=f"CASE WHEN {settled} THEN {ago} END",
        resolution=f"CASE WHEN {settled} THEN 'Discarded' ELSE '' END",
        why=f"CASE WHEN {settled} THEN 'Looked at' ELSE '' END",
    )


def _records(number: int) -> None:
    from auditlog.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    from stations.models import ChargingStation, ConfigurationKey, SecurityEvent

    at = f"now() - interval '200 days' * ({number} - n) / {number}"
    kind = ContentType.objects.get_for_model(ChargingStation).pk
    changed = """'{"name": ["old", "new"]}'::jsonb"""
    of_station = {"object_pk": f"n % {STATIONS} + 1", "object_id": f"n % {STATIONS} + 1"}
    rows(LogEntry, number, content_type_id=f"{kind}", action="1", changes=changed,
         object_repr="'CP'", timestamp=at, **of_station)  # fmt: skip
    rows(ConfigurationKey, 60 * STATIONS, station_id="(n - 1) / 60 + 1", key="'Key' || n % 60",
         value="'value'", read_at="now()")  # fmt: skip
    rows(SecurityEvent, number, station_id=f"n % {STATIONS} + 1", type="'InvalidMessages'",
         happened_at=at, received_at=at)  # fmt: skip


def _settle() -> None:
    """Sequences behind the rows, and the statistics the planner goes by."""
    from django.apps import apps
    from django.core.management.color import no_style
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
