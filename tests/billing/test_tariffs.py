"""Tariffs: versions that stay as they are, the most specific assignment, frozen at the start."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from billing.models import SessionTariff, TariffVersion
from billing.rating.documents import InvalidTerms
from billing.services import tariffs
from cms.shared.errors import Conflict, DomainError
from rfid.models import CardGroup, RfidCard
from tests.billing.charging import (
    ENERGY,
    a_driver,
    a_site,
    a_station,
    a_tariff,
    charged,
    everywhere,
    frozen,
    new_version,
)
from tests.stations import given
from tests.stations.given import NOON, after

pytestmark = pytest.mark.django_db


def test_wrong_terms_are_refused_by_field_and_leave_nothing():
    with pytest.raises(InvalidTerms) as refused:
        tariffs.define(name="Odd", terms={**ENERGY, "tax_rate": "900"}, at=NOON)
    assert list(refused.value.fields) == ["tax_rate"]
    assert not TariffVersion.objects.exists()


def test_two_tariffs_have_different_names():
    a_tariff()
    with pytest.raises(Conflict) as refused:
        a_tariff()
    assert "name" in refused.value.fields


def test_a_tariff_keeps_its_currency():
    tariff = a_tariff()
    with pytest.raises(DomainError) as refused:
        tariffs.publish(tariff_id=tariff.pk, terms={**ENERGY, "currency": "SEK"}, at=NOON)
    assert "terms.currency" in refused.value.fields


def test_no_version_begins_in_the_past():
    tariff = a_tariff()
    with pytest.raises(DomainError) as refused:
        tariffs.publish(tariff_id=tariff.pk, terms=ENERGY, at=NOON, valid_from=after(-1))
    assert "validFrom" in refused.value.fields


def test_a_session_keeps_the_version_it_began_with():
    station, tariff = a_station(), everywhere()
    first = charged(station, minute=0)
    new_version(tariff, "0.50", at=after(90))
    second = charged(station, minute=120)
    assert [frozen(number).version.number for number in (first, second)] == [1, 2]


def test_a_session_that_is_told_late_has_the_version_of_the_time_it_began():
    station, tariff = a_station(), everywhere()
    new_version(tariff, "0.50", at=after(30))
    late = given.begin(station, minute=0, heard=after(60))
    assert frozen(late.transaction_id).version.number == 1


def test_a_version_counts_from_its_time_on():
    station, tariff = a_station(), everywhere()
    tariffs.publish(tariff_id=tariff.pk, terms=ENERGY, at=NOON, valid_from=after(60))
    before, later = charged(station, minute=0), charged(station, minute=61)
    assert [frozen(number).version.number for number in (before, later)] == [1, 2]


def test_a_repeated_start_freezes_nothing_again():
    station, tariff = a_station(), everywhere()
    given.begin(station)
    new_version(tariff, "0.50")
    again = given.begin(station)
    assert frozen(again.transaction_id).version.number == 1
    assert SessionTariff.objects.count() == 1


def test_without_any_assignment_a_session_has_no_tariff():
    a_tariff()
    charged(a_station())
    assert not SessionTariff.objects.exists()


def test_an_orphan_has_a_tariff_too():
    station = a_station()
    everywhere()
    given.finish(station, 4711)
    assert SessionTariff.objects.get().level == "everywhere"


def test_the_most_specific_assignment_counts():
    site = a_site()
    station, driver = a_station(site=site), a_driver()
    card = RfidCard.objects.get(user=driver)
    card.group = CardGroup.objects.create(name="Staff", parent_id_tag="STAFF")
    card.save()
    charged(station)  # the connector exists from now on
    targets = {
        "everywhere": None,
        "user": driver,
        "card_group": card.group,
        "site": site,
        "station": station,
        "connector": given.connector(station),
    }
    levels = []
    for hour, (level, target) in enumerate(targets.items(), 2):
        tariffs.assign(tariff=a_tariff(level), level=level, target=target)
        levels.append(frozen(charged(station, minute=60 * hour)).version.tariff.name)
    assert levels == list(targets)


def test_assigning_again_replaces():
    station = a_station()
    tariffs.assign(tariff=a_tariff("First"), level="station", target=station)
    tariffs.assign(tariff=a_tariff("Second"), level="station", target=station)
    assert frozen(charged(station)).version.tariff.name == "Second"


def test_another_stations_tariff_does_not_count():
    site = a_site()
    station, other = a_station(site=site), a_station("CP-2", site=site)
    tariffs.assign(tariff=a_tariff(), level="station", target=other)
    charged(station)
    assert not SessionTariff.objects.exists()


@pytest.mark.parametrize(
    "change", ["UPDATE billing_tariffversion SET number = 9", "DELETE FROM billing_tariffversion"]
)
def test_nobody_changes_a_version(change):
    a_tariff()
    with pytest.raises(DatabaseError), transaction.atomic():
        run(change)
    assert TariffVersion.objects.get().number == 1


def run(statement: str) -> None:
    """SQL past everything of ours."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
