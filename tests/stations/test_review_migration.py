"""Sessions that waited for review before there was a queue get their cases."""

from __future__ import annotations

import importlib
import pkgutil

from django.apps import apps

from stations import migrations
from stations.models import ReviewCase
from tests.stations import given


def open_cases() -> None:
    """What the migration does."""
    names = [module.name for module in pkgutil.iter_modules(migrations.__path__)]
    [name] = [name for name in names if name.endswith("cases_of_sessions")]
    importlib.import_module(f"stations.migrations.{name}").open_cases(apps, None)


def test_each_reason_of_a_session_becomes_a_case_that_can_be_settled(station, card):
    started = given.begin(station, meter=5000)
    given.finish(station, started.transaction_id, meter=100, minute=-30)
    given.finish(station, 4711)
    fine = given.begin(station, minute=120)
    given.finish(station, fine.transaction_id, minute=180)
    before = {(case.kind, case.subject, case.station_id) for case in ReviewCase.objects.all()}
    ReviewCase.objects.all().delete()
    open_cases()
    after = {(case.kind, case.subject, case.station_id) for case in ReviewCase.objects.all()}
    assert after == before
    assert given.kinds() == ["ClockSkew", "OrphanedStop", "RegisterMismatch"]
