"""Quirks by model: which row counts for which station."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cms.shared.errors import Conflict, DomainError
from stations.models import Quirk
from stations.services import quirks
from tests.stations.given import a_station

pytestmark = pytest.mark.django_db


def a_quirk(value: Any = 4, **fields: Any) -> Quirk:
    return Quirk.objects.create(name="configuration_keys", value=value, **fields)


def read(**fields: Any) -> Any:
    station = a_station("CP-1", vendor="Entra GmbH", model="Power Dot", **fields)
    return quirks.value(station=station, name="configuration_keys", default=50)


def test_without_a_row_the_default_counts():
    assert read() == 50


def test_patterns_ignore_letter_case_and_know_stars():
    a_quirk(vendor="entra*")
    assert read() == 4


def test_every_part_has_to_match():
    a_quirk(vendor="entra*", model="other")
    assert read() == 50


def test_firmware_counts_as_well():
    a_quirk(firmware="1.*")
    assert read(firmware_version="1.2.3") == 4


def test_the_most_precise_row_counts():
    a_quirk(10)
    a_quirk(4, vendor="Entra GmbH")
    assert read() == 4


def test_a_row_that_is_switched_off_counts_nothing():
    a_quirk(enabled=False)
    assert read() == 50


@pytest.mark.parametrize("value", [0, True, "4", None, 1001])
def test_a_value_that_does_not_fit_is_refused_by_name(value):
    with pytest.raises(ValidationError) as refused:
        Quirk(name="configuration_keys", value=value).full_clean()
    assert "whole number from 1 to 1000" in str(refused.value.message_dict["value"])


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("naive_times", ["site", "UTC", "Europe/Berlin"], ["", "Berlin", "+02:00", 2, None]),
        ("z_is_local", [True, False], ["true", 1, None]),
        ("energy_unit", ["Wh", "kWh"], ["wh", "MWh", ["Wh"], 1000]),
        ("power_unit", ["W", "kW"], ["Wh", {}]),
        ("rate_unit", ["A", "W"], ["AW", "", None]),
        ("settle_seconds", [0, 1.5, 3600], [-1, 3601, "15", True]),
        ("configuration_by_key", [True, False], ["no"]),
        ("profile_purposes", [["TxProfile"]], [[], "TxProfile", ["Tx"], [{}]]),
    ],
)
def test_a_right_value_is_taken_and_a_wrong_one_refused(name, right, wrong):
    for value in right:
        Quirk(name=name, value=value, vendor="New").full_clean()
    for value in wrong:
        with pytest.raises(ValidationError) as refused:
            Quirk(name=name, value=value, vendor="New").full_clean()
        assert list(refused.value.message_dict) == ["value"]


def test_saving_a_wrong_value_names_the_field():
    with pytest.raises(DomainError) as refused:
        quirks.save(quirk=Quirk(name="rate_unit", value="V"))
    assert list(refused.value.fields) == ["value"]


def test_the_same_for_the_same_models_is_a_conflict():
    quirks.save(quirk=Quirk(name="rate_unit", value="A", vendor="Entra*"))
    with pytest.raises(Conflict):
        quirks.save(quirk=Quirk(name="rate_unit", value="W", vendor="Entra*"))


def test_what_came_with_the_system_is_switched_off_and_not_deleted():
    row = a_quirk(seeded=True, vendor="Entra*")
    with pytest.raises(Conflict):
        quirks.delete(quirk=row)
    row.enabled = False
    quirks.save(quirk=row)
    assert read() == 50


def test_an_own_one_is_deleted():
    quirks.delete(quirk=a_quirk(vendor="Entra*"))
    assert read() == 50
