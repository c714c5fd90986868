"""Quirks by model: which row counts for which station."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from stations.models import Quirk
from stations.services import quirks
from tests.stations.given import a_station

pytestmark = pytest.mark.django_db


def a_quirk(value: Any = 4, **fields: Any) -> Quirk:
    return Quirk.objects.create(name="configuration_keys", value=value, **fields)


def read(**fields: Any) -> Any:
    station = a_station("CP-1", vendor="Entratek GmbH", model="Power Dot", **fields)
    return quirks.value(station=station, name="configuration_keys", default=50)


def test_without_a_row_the_default_counts():
    assert read() == 50


def test_patterns_ignore_letter_case_and_know_stars():
    a_quirk(vendor="entratek*")
    assert read() == 4


def test_every_part_has_to_match():
    a_quirk(vendor="entratek*", model="other")
    assert read() == 50


def test_firmware_counts_as_well():
    a_quirk(firmware="1.*")
    assert read(firmware_version="1.2.3") == 4


def test_the_most_precise_row_counts():
    a_quirk(10)
    a_quirk(4, vendor="Entratek GmbH")
    assert read() == 4


def test_a_row_that_is_switched_off_counts_nothing():
    a_quirk(enabled=False)
    assert read() == 50


@pytest.mark.parametrize("value", [0, True, "4", None, 1001])
def test_a_value_that_does_not_fit_is_refused_by_name(value):
    with pytest.raises(ValidationError) as refused:
        Quirk(name="configuration_keys", value=value).full_clean()
    assert "whole number from 1 to 1000" in str(refused.value.message_dict["value"])
