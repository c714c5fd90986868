"""Tables of as many cards as one may import: by a worker, in few queries, whatever dies midway."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from rfid.models import CardImportProblem, RfidCard
from rfid.services import import_work, imports, sheets
from tests.rfid.import_run import table
from tests.rows import one
from tests.source import ROOT

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def looked_at(content: bytes, **more):
    """A file somebody sent, and said the columns of."""
    row = imports.take(name="cards.csv", content=content, by=None, at=NOON)
    how = {"reverse": False, "update": True, "now": lambda: NOON}
    return imports.preview(of=row, fields=row.columns, **{**how, **more})


@pytest.mark.django_db
def test_a_large_file_waits_for_a_worker_and_holds_up_nobody(django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        row = looked_at(table(5_000))
    assert (row.state, row.rows_total, row.rows_done) == ("Checking", 5_000, 0)
    assert import_work.carry_out_due(now=lambda: NOON) == 1
    row.refresh_from_db()
    assert row.counts == {"new": 4_950, "changed": 0, "same": 0, "wrong": 50}
    with django_assert_max_num_queries(8):
        row = imports.confirm(of=row, by=None, now=lambda: NOON)
    assert imports.confirm(of=row, by=None, now=lambda: NOON).state == "Running"
    assert not RfidCard.objects.exists()
    assert import_work.carry_out_due(now=lambda: NOON) == 1
    assert import_work.carry_out_due(now=lambda: NOON) == 0
    row.refresh_from_db()
    assert (row.state, RfidCard.objects.count()) == ("Done", 4_950)
    assert (len(row.problems), CardImportProblem.objects.filter(of=row).count()) == (50, 50)


@pytest.mark.long
@pytest.mark.django_db
def test_fifty_thousand_rows_take_a_bounded_number_of_queries(django_assert_max_num_queries):
    row = looked_at(table(sheets.MOST_ROWS))
    with django_assert_max_num_queries(400):  # fifty batches, with their savepoints
        import_work.carry_out_due(now=lambda: NOON)
    row.refresh_from_db()
    row = imports.confirm(of=row, by=None, now=lambda: NOON)
    with django_assert_max_num_queries(900):
        import_work.carry_out_due(now=lambda: NOON)
    assert RfidCard.objects.count() == 49_500
    assert CardImportProblem.objects.count() == 500


@pytest.mark.django_db
def test_a_look_is_cancelled_while_it_goes_on():
    row = looked_at(table(5_000))
    claimed = import_work._claimed(row, NOON)
    imports.cancel(of=row)
    import_work._attempt(claimed, lambda: NOON)
    row.refresh_from_db()
    assert (row.state, row.rows_done) == ("Cancelled", 0)


@pytest.mark.django_db
def test_a_worker_that_finds_no_table_gives_it_back_with_the_reason(monkeypatch):
    row = looked_at(table(5_000))
    monkeypatch.setattr(sheets, "MOST_ROWS", 4_000)
    import_work.carry_out_due(now=lambda: NOON)
    row.refresh_from_db()
    assert (row.state, row.error) == ("Uploaded", "The file has more than 4000 rows.")


def carried_out(environment, at: datetime, *, killed_in: int) -> None:
    """By a process of its own, killed while it is in the batch of this number; 0: let finish."""
    command = [sys.executable, "-m", "tests.rfid.import_run", at.isoformat(), str(killed_in)]
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        if process.stdout.readline():
            process.kill()
    assert (process.returncode != 0) == bool(killed_in)


def test_of_a_worker_that_is_killed_midway_nothing_is_lost_and_nothing_comes_twice(
    process_environment,
):
    prepare = [sys.executable, "-m", "tests.rfid.import_run"]
    subprocess.run(prepare, cwd=ROOT, env={**process_environment}, check=True)
    later, done = datetime.now(UTC), []
    for killed_in in (3, 2, 0):
        carried_out(process_environment, later, killed_in=killed_in)
        done.append(
            tuple(
                one(process_environment, f"SELECT {what}")
                for what in (
                    "rows_done FROM rfid_cardimport",
                    "COUNT(*) FROM rfid_rfidcard",
                    "COUNT(*) FROM rfid_cardchange",
                    "COUNT(DISTINCT id_tag) FROM rfid_cardchange",
                    "COUNT(*) FROM rfid_cardimportproblem",
                )
            )
        )
        later += timedelta(minutes=1)  # the lease of who died is over
    assert done == [
        (2_000, 1_980, 1_980, 1_980, 20),
        (3_000, 2_970, 2_970, 2_970, 30),
        (6_000, 5_940, 5_940, 5_940, 60),
    ]
    assert one(process_environment, "SELECT state FROM rfid_cardimport") == "Done"
