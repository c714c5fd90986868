"""Imports that stop midway: what is done stays, what is left goes on behind it, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rfid.models import CardChange, RfidCard
from rfid.services import import_work, import_writing, imports
from tests.rfid.test_imports import NOON, anna, confirmed, shown

pytestmark = pytest.mark.django_db
__all__ = ["anna"]


def failing(*args):
    """A disk that is full."""
    raise RuntimeError("the disk is full")


def test_what_fails_midway_keeps_what_is_done_and_goes_on_behind_it(monkeypatch, anna):
    monkeypatch.setattr("rfid.services.import_rows.BATCH", 2)
    row = shown("UID\n" + "".join(f"04AA000{n}\n" for n in range(6)))
    written, note = [], import_writing._note

    def second_fails(done, *rest):
        written.append(done)
        (failing if len(written) == 2 else note)(done, *rest)

    monkeypatch.setattr("rfid.services.import_writing._note", second_fails)
    row = confirmed(row, anna)
    assert (row.state, row.rows_done, row.error) == ("Running", 2, "RuntimeError: the disk is full")
    assert RfidCard.objects.count() == 2
    assert not import_work.carry_out_due(now=lambda: NOON)  # not yet
    assert import_work.carry_out_due(now=lambda: NOON + timedelta(minutes=1)) == 1
    row.refresh_from_db()
    assert (row.state, row.counts["new"], row.error) == ("Done", 6, "")
    assert CardChange.objects.count() == RfidCard.objects.count() == 6


def test_what_never_comes_forward_stops_and_goes_on_where_somebody_says_so(monkeypatch, anna):
    row, clock = shown("UID\n04AA0001\n"), [NOON]
    with monkeypatch.context() as broken:
        broken.setattr("rfid.services.import_writing._note", failing)
        confirmed(row, anna)
        for minutes in range(1, 5):
            clock[0] = NOON + timedelta(minutes=minutes)
            import_work.carry_out_due(now=lambda: clock[0])
    row.refresh_from_db()
    assert (row.state, row.error) == ("Failed", "RuntimeError: the disk is full")
    assert confirmed(row, anna).state == "Done"
    assert RfidCard.objects.count() == 1


def test_who_was_taken_over_writes_nothing_any_more(anna):
    row = shown("UID\n04AA0001\n")
    imports._begin(row, "Running", anew=True)
    first = import_work._claimed(row, NOON)
    second = import_work._claimed(row, NOON + timedelta(minutes=1))
    import_work._attempt(first, lambda: NOON)
    assert not RfidCard.objects.exists()
    import_work._attempt(second, lambda: NOON)
    assert CardChange.objects.count() == RfidCard.objects.count() == 1
