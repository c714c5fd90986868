"""Lists stay cheap however long they get: few queries, no COUNT, no DISTINCT, right results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ocpp_gateway.models import OcppMessage
from rfid.models import CardGroup, RfidCard
from stations.models import (
    ChargingSession,
    ChargingStation,
    Command,
    Connector,
    MeterValue,
    Reservation,
    ReviewCase,
    Site,
    StatusChange,
)
from tests.admin.given import security_rows

ROWS = 60  # more than one page
BUDGET = 12
BIG = (
    "stations_chargingsession",
    "stations_metervalue",
    "stations_command",
    "stations_statuschange",
    "stations_reservation",
    "stations_reviewcase",
    "ocpp_gateway_ocppmessage",
    "rfid_rfidcard",
)

SECURITY = (
    *("stations_securityevent", "stations_stationcertificate"),
    *("stations_installedcertificate", "stations_profileupgrade"),
)
RANGED = (
    "stations_chargingsession",
    "stations_command",
    "stations_statuschange",
    "ocpp_gateway_ocppmessage",
)


@pytest.fixture
def full(db: None) -> None:
    """Many rows of everything, each with relations of its own."""
    now = timezone.now()
    for number in range(ROWS):
        station = ChargingStation.objects.create(
            cp_id=f"CP-{number:03}",
            vendor="Vendor",
            site=Site.objects.create(name=f"Site {number}"),
            online=bool(number % 2),
            last_seen_at=now,
        )
        for connector_id in (0, 1, 2):
            Connector.objects.create(station=station, connector_id=connector_id)
        group = CardGroup.objects.create(name=f"Group {number}", parent_id_tag=f"G{number}")
        card = RfidCard.objects.create(id_tag=f"TAG{number:03}", group=group)
        _happenings(station, card, number)


def _happenings(station: ChargingStation, card: RfidCard, number: int) -> None:
    now = timezone.now()
    security_rows(station)
    connector = station.connectors.get(connector_id=1)
    session = ChargingSession.objects.create(
        station=station,
        connector=connector,
        card=card,
        id_tag=card.id_tag,
        authorization="Accepted",
        started_at=now - timedelta(days=number),
        needs_review=not number % 3,
    )
    MeterValue.objects.create(
        connector=connector,
        session=session,
        sampled_at=now,
        received_at=now,
        raw="[]",
        fingerprint=number,
    )
    Command.objects.create(
        station=station, action="Reset", payload={}, requested_at=now, send_before=now
    )
    Reservation.objects.create(
        station=station,
        connector=connector,
        id_tag=card.id_tag,
        requested_at=now,
        expires_at=now,
    )
    seen = {"first_seen_at": now, "last_seen_at": now}
    ReviewCase.objects.create(kind="UnknownCard", subject=f"{number}", station=station, **seen)
    StatusChange.objects.create(
        connector=connector, status="Available", reported_at=now, received_at=now
    )
    OcppMessage.objects.create(
        station=station,
        direction="Received" if number % 2 else "Sent",
        message_id=f"message-{number}",
        action="Heartbeat",
        request=json.dumps([2, f"message-{number}", "Heartbeat", {}]),
        error_code="" if number % 5 else "InternalError",
        at=now - timedelta(hours=ROWS - 1 - number),  # ids and times grow together
    )


def _everything(model: str) -> dict[str, str]:
    """The query that shows all rows, where a list does not show them anyway."""
    return {"range": "all"} if model == "ocpp_gateway_ocppmessage" else {}


def page_of(client: Client, model: str, **query: Any) -> tuple[list[Any], list[str]]:
    """The rows of a list and the SQL it took."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(reverse(f"admin:{model}_changelist"), query)
    assert response.status_code == 200, response.get("Location")
    return list(response.context["cl"].result_list), [query["sql"] for query in queries]


@pytest.mark.parametrize("model", ["stations_chargingstation", *BIG, *SECURITY])
def test_a_full_page_takes_few_queries(model: str, full: None, root: Client) -> None:
    rows, statements = page_of(root, model, **_everything(model))
    assert len(rows) == 50
    assert len(statements) <= BUDGET, "\n".join(statements)


@pytest.mark.parametrize("model", [*BIG, *SECURITY])
def test_big_tables_are_never_counted(model: str, full: None, root: Client) -> None:
    queries = [{}, {"q": "CP-00"}, {"p": 2, **_everything(model)}, {"_facets": "True"}, {"o": "2"}]
    for query in [*queries, *([{"range": "30d"}] if model in RANGED else [])]:
        for statement in page_of(root, model, **query)[1]:
            assert not re.search(r"COUNT\(|DISTINCT", statement.upper()), statement


@pytest.mark.parametrize("model", BIG)
def test_big_tables_are_sorted_only_as_an_index_is(model: str, full: None, root: Client) -> None:
    usual, _ = page_of(root, model)
    assert page_of(root, model, o="3.-2")[0] == usual
    assert [row.pk for row in usual] == sorted((row.pk for row in usual), reverse=True)


@pytest.mark.parametrize("model", [model for model in BIG if not model.startswith("ocpp")])
def test_big_tables_page_without_knowing_their_size(model: str, full: None, root: Client) -> None:
    query = _everything(model)
    assert len(page_of(root, model, p=2, **query)[0]) == ROWS - 50
    content = root.get(reverse(f"admin:{model}_changelist"), query).content.decode()
    assert 'rel="next"' in content
    assert "9999999999" not in content


def test_a_page_that_lies_too_deep_is_refused(full, root):
    address = reverse("admin:stations_chargingsession_changelist")
    assert root.get(address, {"p": 100000}).status_code == 302


def test_the_pages_of_a_station_and_a_session_take_few_queries(session, root):
    for row in (session, session.station):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        address = reverse(name, args=[row.pk])
        with CaptureQueriesContext(connection) as queries:
            assert root.get(address).status_code == 200
        assert len(queries) <= 25, "\n".join(query["sql"] for query in queries)


def test_the_home_page_takes_few_queries(full, root):
    with CaptureQueriesContext(connection) as queries:
        root.get(reverse("admin:index"))
    assert len(queries) <= 10
    counted = "".join(query["sql"] for query in queries if "COUNT(" in query["sql"])
    assert not [table for table in BIG[2:] if f'"{table}"' in counted]
    [readings] = counted.split('FROM "stations_metervalue"')[1:]  # the newest of a session
    assert "LIMIT 1)" in readings.split("SELECT")[0]


Found = Callable[..., list[str]]


@pytest.fixture
def found(full: None, root: Client) -> Found:
    """Searches a list, and gives what of each row is asked for."""

    def search(model: str, attribute: str, **query: Any) -> list[str]:
        return [str(getattr(row, attribute)) for row in page_of(root, model, **query)[0]]

    return search


def test_stations_are_found_by_the_beginning_of_their_identity(found):
    assert found("stations_chargingstation", "cp_id", q="cp-01")[:2] == ["CP-010", "CP-011"]
    assert found("stations_chargingstation", "cp_id", q="P-01") == []


def test_stations_are_found_by_vendor_and_site(found):
    assert len(found("stations_chargingstation", "cp_id", q="vend")) == 50
    assert found("stations_chargingstation", "cp_id", q="site 12") == ["CP-012"]


def test_stations_are_filtered_by_online_registration_and_site(found):
    assert set(found("stations_chargingstation", "online", online="1")) == {"True"}
    assert found("stations_chargingstation", "cp_id", registration__exact="Pending") == []
    site = Site.objects.get(name="Site 7")
    assert found("stations_chargingstation", "cp_id", site__id__exact=site.pk) == ["CP-007"]


def test_sessions_are_found_by_number_tag_and_station(found):
    session = ChargingSession.objects.get(id_tag="TAG017")
    for words in (str(session.pk), f"#{session.pk}", "tag017", "CP-017"):
        assert found("stations_chargingsession", "pk", q=words) == [str(session.pk)], words


def test_sessions_are_filtered_by_time_review_and_status(found):
    assert len(found("stations_chargingsession", "pk", range="24h")) == 1
    assert len(found("stations_chargingsession", "pk", range="7d")) == 7
    assert set(found("stations_chargingsession", "needs_review", needs_review="1")) == {"True"}
    assert found("stations_chargingsession", "pk", status__exact="Completed") == []


def test_sessions_of_a_time_range_come_newest_first(found):
    started = found("stations_chargingsession", "started_at", range="30d")
    assert len(started) == 30
    assert started == sorted(started, reverse=True)


def test_users_are_filtered_by_their_flags(found):
    assert found("accounts_user", "username", is_staff__exact="1") == ["root"]
    assert found("accounts_user", "username", is_superuser__exact="0") == []


def test_meter_values_are_found_by_session_and_connector(found):
    value = MeterValue.objects.select_related("connector__station").order_by("pk")[20]
    name = f"{value.connector.station.cp_id}/1"
    for query in ({"session": value.session_id}, {"connector": name}, {"q": name}):
        assert found("stations_metervalue", "pk", **query) == [str(value.pk)]
    assert found("stations_metervalue", "pk", session="nonsense") == []
    assert found("stations_metervalue", "pk", connector="nonsense") == []


def test_the_message_log_shows_one_day_unless_asked_for_more(found):
    assert len(found("ocpp_gateway_ocppmessage", "pk")) == 24
    assert len(found("ocpp_gateway_ocppmessage", "pk", range="7d")) == 50
    assert len(found("ocpp_gateway_ocppmessage", "pk", range="nonsense")) == 24


def test_a_message_is_found_by_its_id_however_old_it_is(found):
    assert found("ocpp_gateway_ocppmessage", "message_id", q="message-1") == ["message-1"]
    assert found("ocpp_gateway_ocppmessage", "message_id", q="message-5") == ["message-5"]


def test_messages_are_found_by_the_beginning_of_the_identity(found):
    assert len(found("ocpp_gateway_ocppmessage", "pk", q="cp-02")) == 10


def test_messages_are_filtered_by_direction_action_and_answer(found):
    ways = found("ocpp_gateway_ocppmessage", "direction", direction__exact="Sent")
    assert set(ways) == {"Sent"}
    assert found("ocpp_gateway_ocppmessage", "pk", action="Authorize") == []
    errors = found("ocpp_gateway_ocppmessage", "error_code", outcome="error")
    assert set(errors) == {"InternalError"}
    station = ChargingStation.objects.get(cp_id="CP-003")
    query = {"station__id__exact": station.pk}
    assert found("ocpp_gateway_ocppmessage", "pk", **query) == []
    old = found("ocpp_gateway_ocppmessage", "message_id", range="all", **query)
    assert old == ["message-3"]


def test_cards_are_found_by_the_beginning_of_their_tag(found):
    assert found("rfid_rfidcard", "id_tag", q="tag012") == ["TAG012"]
    assert found("rfid_rfidcard", "id_tag", status__exact="Blocked") == []


def test_commands_and_reservations_are_found_by_number_and_station(found):
    command = Command.objects.get(station__cp_id="CP-030")
    reservation = Reservation.objects.get(station__cp_id="CP-030")
    for words in (str(command.pk), "cp-030"):
        assert found("stations_command", "pk", q=words) == [str(command.pk)]
    for words in (str(reservation.pk), "cp-030", "TAG030"):
        assert found("stations_reservation", "pk", q=words) == [str(reservation.pk)]


def test_status_changes_are_found_by_connector_and_station(found):
    change = StatusChange.objects.get(connector__station__cp_id="CP-041")
    for query in ({"q": "CP-041/1"}, {"q": "cp-041"}, {"station": "cp-041"}):
        assert found("stations_statuschange", "pk", **query) == [str(change.pk)]
