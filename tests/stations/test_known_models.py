"""What the system knows of models when it is new: rows an operator may switch off or add to."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta

import pytest
from django.apps import apps

from stations import migrations
from stations.models import Quirk, ReadStep
from stations.services import configuration_reads, quirks, schedules
from tests.stations import given
from tests.stations.talking import hear

pytestmark = pytest.mark.django_db


def add_known():
    """What the migrations do."""
    for module in pkgutil.iter_modules(migrations.__path__):
        found = importlib.import_module(f"stations.migrations.{module.name}")
        for name in ("add_known", "add_grizzl_e"):
            getattr(found, name, lambda *_: None)(apps, None)


@pytest.fixture(autouse=True)
def brought():
    """The rows of the migration, whatever tests before left."""
    Quirk.objects.all().delete()
    add_known()


def of(vendor, name, **more):
    station = given.a_station(f"CP-{vendor}", vendor=vendor, **more)
    return quirks.value(station=station, name=name)


def test_every_row_fits_its_name_and_says_why_it_is_there():
    for row in Quirk.objects.all():
        row.full_clean()
        assert row.note
        assert row.seeded


def test_no_row_is_about_every_model():
    assert not Quirk.objects.filter(vendor="", model="").exists()


def test_bringing_them_again_leaves_what_an_operator_changed():
    Quirk.objects.filter(vendor="Huawei*").update(enabled=False, value="A")
    number = Quirk.objects.count()
    add_known()
    assert Quirk.objects.count() == number
    assert Quirk.objects.get(vendor="Huawei*").value == "A"


@pytest.mark.parametrize(
    ("vendor", "name", "value"),
    [
        ("Wall Box Chargers", "settle_seconds", 15),
        ("Wallbox", "settle_seconds", 15),
        ("Entratek", "configuration_keys", 4),
        ("ABB", "configuration_by_key", True),
        ("EVBox", "profile_purposes", ["TxDefaultProfile", "TxProfile"]),
        ("EV-BOX", "profile_purposes", ["TxDefaultProfile", "TxProfile"]),
        ("HUAWEI", "rate_unit", "W"),
    ],
)
def test_what_a_model_needs_is_known_from_the_start(vendor, name, value):
    assert of(vendor, name) == value


@pytest.mark.parametrize("name", ["naive_times", "z_is_local"])
def test_what_would_harm_where_it_is_wrong_waits_to_be_switched_on(name):
    assert of("Growatt", name) is None
    Quirk.objects.filter(name=name).update(enabled=True)
    assert of("GROWATT THOR", name) is not None


def test_a_huawei_takes_profiles_in_watts_only():
    station = given.a_station(vendor="Huawei Technologies")
    assert schedules.limits(station).units == ("W",)


def test_an_abb_is_asked_by_name_and_slowly():
    station = given.a_connected_station()
    station.vendor = "ABB"
    station.save(update_fields=["vendor"])
    read = configuration_reads.read_now(station=station, at=given.NOON)
    hear(station, lambda action, payload: {}, at=given.NOON)
    read.refresh_from_db()
    assert (read.step, read.next_at) == (ReadStep.KEYS, given.NOON + timedelta(seconds=10))
