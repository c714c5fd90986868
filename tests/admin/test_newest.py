"""Who is limited to some sites sees their newest rows: the right ones, page by page."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.accounts.models import SiteLimit, User
from cms.shared.admin import newest
from ocpp_gateway.admin import rows as log_rows
from ocpp_gateway.models import OcppMessage
from stations.models import (
    ChargingSession,
    ChargingStation,
    Command,
    Connector,
    MeterValue,
    Site,
    StatusChange,
)

PAGE = 7
LISTS: list[tuple[type[Any], str, tuple[str, ...]]] = [
    (ChargingSession, "station", ("-pk",)),
    (Command, "station", ("-pk",)),
    (MeterValue, "connector__station", ("-sampled_at", "-pk")),
    (StatusChange, "connector__station", ("-reported_at", "-pk")),
]


@pytest.fixture
def here(db: None) -> Site:
    """A site of three stations, one without rows; another site's rows lie between theirs."""
    site, other = Site.objects.create(name="Here"), Site.objects.create(name="There")
    ChargingStation.objects.create(cp_id="EMPTY", site=site)
    outlets = [
        Connector.objects.create(station=station, connector_id=number)
        for station in (
            ChargingStation.objects.create(cp_id="A", site=site),
            ChargingStation.objects.create(cp_id="B", site=site),
            ChargingStation.objects.create(cp_id="C", site=other),
        )
        for number in (1, 2)
    ]
    chance = random.Random(7)
    for number in range(60):
        _happen(chance.choice(outlets), number, chance.randrange(40))
    return site


def _happen(outlet: Connector, number: int, hour: int) -> None:
    """A row of everything; their times are in another order than their numbers, some the same."""
    at = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=hour)
    of_station: dict[str, Any] = {"station": outlet.station}
    ChargingSession.objects.create(**of_station, id_tag=f"T{number}", authorization="Accepted")
    asked = {"requested_at": at, "send_before": at, "payload": {}}
    Command.objects.create(**of_station, action="Reset", **asked)
    text = {"raw": "[]", "fingerprint": number}
    MeterValue.objects.create(connector=outlet, sampled_at=at, received_at=at, **text)
    reported = {"reported_at": at, "received_at": at, "status": "Available"}
    StatusChange.objects.create(connector=outlet, **reported)
    request = '[2, "1", "Heartbeat", {}]'
    at = timezone.now() - timedelta(hours=60.5 - number)  # in the log, ids and times grow together
    OcppMessage.objects.create(
        **of_station, direction="Received", action="Heartbeat", request=request, at=at
    )


@pytest.fixture
def operator(here: Site) -> Client:
    """The browser of an operator who is limited to that site."""
    user = User.objects.create_user("operator", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    SiteLimit.objects.create(user=user, site=here)
    client = Client()
    client.force_login(user)
    return client


def list_of(model: type[Any]) -> str:
    """The address of a list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def shown(client: Client, model: type[Any], **query: Any) -> list[int]:
    """The numbers of the rows that a list has, in its order."""
    ranged = {} if model is MeterValue else {"range": "all"}
    changes = client.get(list_of(model), {**ranged, **query}).context["cl"]
    return [row.pk for row in changes.result_list]


@pytest.mark.parametrize(("model", "station", "order"), LISTS)
def test_each_page_has_the_rows_of_the_site_in_their_order(
    model: type[Any],
    station: str,
    order: tuple[str, ...],
    here: Site,
    operator: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin.site._registry[model], "list_per_page", PAGE)
    theirs = model.objects.filter(**{f"{station}__site": here}).order_by(*order)
    expected = list(theirs.values_list("pk", flat=True))
    pages = [shown(operator, model, p=number) for number in range(1, 12)]
    assert [row for page in pages for row in page] == expected
    assert len(expected) > 3 * PAGE


def test_the_log_goes_on_behind_the_last_row(
    here: Site, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_rows, "PAGE", PAGE)
    theirs = OcppMessage.objects.filter(station__site=here).order_by("-pk")
    expected = list(theirs.values_list("pk", flat=True))
    found = shown(operator, OcppMessage)
    while found[-1] != expected[-1]:
        found += shown(operator, OcppMessage, before=found[-1])
    assert found == expected
    assert shown(operator, OcppMessage, after=expected[3]) == expected[:3]


def test_the_log_of_a_day_is_that_of_the_day(
    here: Site, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_rows, "PAGE", PAGE)
    since = timezone.now() - timedelta(hours=24)
    theirs = OcppMessage.objects.filter(station__site=here, at__gte=since).order_by("-pk")
    assert shown(operator, OcppMessage, range="24h") == [row.pk for row in theirs[:PAGE]]


def test_what_is_narrowed_is_found_however_old_it_is(
    here: Site, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.site._registry[ChargingSession], "list_per_page", PAGE)
    oldest = ChargingSession.objects.filter(station__site=here).earliest("pk")
    ChargingSession.objects.filter(pk=oldest.pk).update(needs_review=True)
    assert shown(operator, ChargingSession, needs_review=1) == [oldest.pk]
    assert shown(operator, ChargingSession, q=oldest.id_tag)[-1] == oldest.pk


@pytest.mark.parametrize("model", [*(model for model, _, _ in LISTS), OcppMessage])
def test_all_stations_are_asked_by_one_query(model: type[Any], operator: Client) -> None:
    assert len(looked_up(operator, model)) == 1
    root = Client()
    root.force_login(User.objects.create_superuser("root", password=None))
    assert looked_up(root, model) == []


def test_who_is_not_limited_pays_nothing_for_it(here: Site) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root", password=None))
    with CaptureQueriesContext(connection) as queries:
        shown(root, OcppMessage, range="24h")
    assert len([one for one in queries if 'FROM "ocpp_gateway_ocppmessage"' in one["sql"]]) == 2


def test_nobody_is_asked_for_too_many_rows(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "_MOST", 10)
    before = shown(operator, ChargingSession)
    assert looked_up(operator, ChargingSession) == []
    monkeypatch.setattr(newest, "_MOST", 50_000)
    assert shown(operator, ChargingSession) == before


def looked_up(client: Client, model: type[Any]) -> list[str]:
    """The queries of a list that look for the newest rows of each station or connector."""
    with CaptureQueriesContext(connection) as queries:
        shown(client, model)
    return [query["sql"] for query in queries if " AS newest" in query["sql"]]


def test_what_an_export_has_is_not_only_the_first_page(
    here: Site, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_rows, "PAGE", PAGE)
    changes = operator.get(list_of(OcppMessage), {"range": "all"}).context["cl"]
    theirs: QuerySet[Any] = OcppMessage.objects.filter(station__site=here)
    assert changes.queryset.count() == theirs.count() > PAGE
