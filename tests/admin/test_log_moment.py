"""Exchanges of one moment: the log is bounded by time, and leaves none of them out."""

from __future__ import annotations

import pytest
from django.utils import timezone

from ocpp_gateway.admin.filters import LastFilter, UntilFilter
from ocpp_gateway.admin.rows import id_bounds
from ocpp_gateway.models import OcppMessage

NUMBERS = [3_000_003, 3_000_001, 3_000_004, 3_000_002]


@pytest.fixture
def moment(station):
    """When four exchanges were said, which lie on the disk in another order than their numbers."""
    at = timezone.now()
    for number in NUMBERS:
        OcppMessage.objects.create(
            pk=number, station=station, direction="Received", action="Heartbeat", at=at
        )
    return at


def test_none_is_left_out_since_then(moment):
    assert LastFilter.since(OcppMessage.objects.all(), moment).count() == len(NUMBERS)


def test_none_is_left_out_until_then(moment):
    found = UntilFilter.narrowed(None, OcppMessage.objects.all(), moment)
    assert found.count() == len(NUMBERS)


def test_their_numbers_are_within_the_bounds(moment):
    assert id_bounds(moment, moment) == (min(NUMBERS), max(NUMBERS))
