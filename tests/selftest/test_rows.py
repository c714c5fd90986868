"""The self-test's own rows: marked, never billed, taken away, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps

from billing.models import SessionBill, SessionTariff
from cms.accounts.models import User
from cms.selftest import services
from cms.shared.errors import Conflict
from ocpp_gateway.models import OcppMessage
from rfid.models import SELF_TEST, RfidCard
from rfid.services import cards
from stations.models import ChargingSession, ChargingStation
from stations.services import list_targets, sessions, stations
from tests.billing import charging

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def own(db):
    return services.prepare(at=NOW)


def counts() -> dict[str, int]:
    """How many rows each table has."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def charge(own) -> int:
    """Its session, of an hour."""
    start = sessions.Start(1, own.mark, NOW, 1000)
    number = sessions.start(station_id=own.station_id, start=start, at=NOW).transaction_id
    stop = sessions.Stop(number, NOW + timedelta(hours=1), 9000)
    sessions.end(station_id=own.station_id, stop=stop, at=NOW)
    return number


@pytest.mark.django_db
def test_what_it_makes_goes_without_a_trace():
    charging.everywhere()
    before = counts()
    own = services.prepare(at=NOW)
    charge(own)
    OcppMessage.objects.create(station_id=own.station_id, direction="Received", at=NOW)
    services.remove(own.mark)
    after = counts()
    assert {name: after[name] - number for name, number in before.items()} == {
        **dict.fromkeys(before, 0),
        "rfid.CardRevision": after["rfid.CardRevision"] - before["rfid.CardRevision"],
    }


def test_its_session_is_never_billed(own):
    charging.everywhere()
    number = charge(own)
    assert not SessionTariff.objects.filter(session=number).exists()
    charging.bill_all(NOW + timedelta(days=2))
    assert not SessionBill.objects.exists()


def a_session(cp_id: str, tag: str) -> int:
    """Somebody's session of an hour."""
    station = stations.create(cp_id=cp_id)
    start = sessions.Start(1, tag, NOW, 1000)
    number = sessions.start(station_id=station.pk, start=start, at=NOW).transaction_id
    stop = sessions.Stop(number, NOW + timedelta(hours=1), 9000)
    sessions.end(station_id=station.pk, stop=stop, at=NOW)
    return number


@pytest.mark.parametrize(("cp_id", "own_tag"), [("OTHER", True), ("SELFTEST1", False)])
def test_its_card_elsewhere_and_another_name_are_billed_as_any(own, cp_id, own_tag):
    charging.everywhere()
    number = a_session(cp_id, own.mark if own_tag else "SELFTEST2")
    charging.bill_all(NOW + timedelta(days=2))
    assert SessionBill.objects.get(session=number).gross > 0


def test_what_was_billed_after_all_stays(own):
    number = charge(own)
    tariff = charging.a_tariff()
    SessionTariff.objects.create(
        session_id=number, version=tariff.versions.get(), level="everywhere", frozen_at=NOW
    )
    charging.bill_all(NOW + timedelta(days=2))
    with pytest.raises(Conflict, match="has a bill"):
        services.remove(own.mark)
    assert ChargingSession.objects.filter(pk=number).exists()
    assert RfidCard.objects.filter(id_tag=own.mark).exists()
    ChargingStation.objects.filter(pk=own.station_id).update(created_at=NOW)
    services.remove_abandoned(at=NOW + timedelta(days=2))
    assert ChargingSession.objects.filter(pk=number).exists()


@pytest.mark.parametrize("name", ["CP-1", SELF_TEST, f"{SELF_TEST}-HARBOUR", f"{SELF_TEST}12345"])
def test_what_has_no_mark_is_not_touched(db, name):
    stations.create(cp_id=name, name=services.NAME)
    with pytest.raises(Conflict, match="nothing of the self-test"):
        services.remove(name)
    services.remove_abandoned(at=NOW + timedelta(days=365))
    assert ChargingStation.objects.filter(cp_id=name).exists()


def test_what_only_looks_like_its_own_is_not_touched(db):
    mark = f"{SELF_TEST}0123456789ab"
    stations.create(cp_id=mark, name="Harbour")
    cards.create(id_tag=mark, label="Ann")
    User.objects.create_user(mark)
    services.remove(mark)
    assert ChargingStation.objects.filter(cp_id=mark).exists()
    assert RfidCard.objects.filter(id_tag=mark).exists()
    assert User.objects.filter(username=mark).exists()


def test_what_a_killed_one_left_goes_later_and_what_runs_stays(own):
    ChargingStation.objects.filter(pk=own.station_id).update(created_at=NOW)
    assert services.remove_abandoned(at=NOW + timedelta(minutes=5)) == 0
    assert services.remove_abandoned(at=NOW + timedelta(hours=1)) == 1
    assert not User.objects.filter(pk=own.user_id).exists()


def test_its_card_stands_in_no_local_list(own):
    cards.create(id_tag="ANN")
    held = list_targets.wanted("All", 0, at=NOW)
    assert [entry.id_tag for entry in held.entries] == ["ANN"]


def test_frames_that_were_written_late_are_forgotten(own):
    late = {"station_id": own.station_id, "direction": "Received", "at": NOW}
    OcppMessage.objects.create(**late)
    assert services.forget_late(own) == 0
    services.remove(own.mark)
    OcppMessage.objects.create(**late)
    assert services.forget_late(own) == 1
