"""Exports in the background: made once, by whoever is alive, and gone when their time is over."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from billing.models import ExportState, ReportExport
from billing.reports import asked, exports
from billing.services import leases, report_exports, report_files
from cms.accounts.models import User
from cms.shared.errors import DomainError
from stations.services import media
from tests.billing.charging import LATER, a_site, a_station, bill_all, charged, everywhere
from tests.billing.exporting import Clock, content, made, request
from tests.billing.reported import a_world, csv_rows, pdf_text, sheet_rows, sheets
from tests.billing.test_killed import environment
from tests.source import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def files_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_user("ada", "ada@example.com", is_staff=True)


@pytest.mark.parametrize("kind", report_files.KINDS)
def test_an_export_has_what_the_report_has(ada, kind):
    a_world()
    export = made(request(ada, kind))
    assert (export.state, export.error) == (ExportState.READY, "")
    found = content(export)
    assert (export.size_bytes, export.sha256) == (len(found), hashlib.sha256(found).hexdigest())
    assert export.file_name == f"billing-2025-03-01--2025-03-31.{kind}"
    if kind == "pdf":
        assert "Yes: both 2.38 EUR" in pdf_text(found)
        return
    rows = csv_rows(found) if kind == "csv" else sheet_rows(sheets(found)["Sessions"])
    assert [Decimal(str(row["gross"])) for row in rows] == [Decimal("3.57"), Decimal(4)]
    assert (export.rows_done, export.rows_total) == (2, 2)
    assert not list(media.folder(media.INCOMING).iterdir())


def test_a_period_by_name_stays_the_one_it_was_when_it_was_asked_for(ada):
    a_world()
    wanted = asked.read({"period": "lastMonth"}, at=LATER + timedelta(days=31))
    export = report_exports.request(wanted=wanted, kind="csv", asker=ada, at=LATER)
    assert "period" not in export.parameters
    later = Clock(LATER + timedelta(days=200))
    assert len(csv_rows(content(made(export, later)))) == 2


def test_who_asks_twice_gets_the_same_as_long_as_it_is_under_way(ada):
    first = request(ada)
    assert request(ada).pk == first.pk
    assert request(ada, "xlsx").pk != first.pk
    assert request(User.objects.create_user("bob")).pk != first.pk
    made(first)
    assert request(ada).pk != first.pk


def test_nobody_has_more_than_a_few_under_way(ada):
    for number in range(report_exports.MOST_UNDER_WAY):
        request(ada, sort=["name", "sessions", "energy", "net", "tax"][number])
    with pytest.raises(report_exports.TooManyExports):
        request(ada, sort="gross")


def test_there_is_no_other_kind_of_file(ada):
    with pytest.raises(DomainError) as refused:
        request(ada, "ods")
    assert refused.value.fields == {"format": ["should be one of csv, xlsx, pdf"]}


def test_what_somebody_makes_nobody_else_begins(ada):
    a_world()
    export = request(ada)
    assert report_exports._claimed(LATER).pk == export.pk
    assert report_exports.make_due(now=Clock()) == 0
    assert made(export, Clock(LATER + timedelta(seconds=59))).state == ExportState.RUNNING


def test_an_export_whose_maker_was_killed_is_made_by_another(ada):
    a_world()
    export = request(ada)
    killed = report_exports._claimed(LATER)
    media.new_file().write_bytes(b"half of it")
    after = Clock(LATER + report_exports.LEASE)
    assert made(export, after).state == ExportState.READY
    assert (export.attempts, len(csv_rows(content(export)))) == (2, 2)
    with pytest.raises(leases.Lost):  # who was taken for dead changes nothing any more
        report_exports._finish(killed, _written(b"late"), 2, after())
    assert len(csv_rows(content(ReportExport.objects.get()))) == 2
    assert len(list(media.folder(report_exports.FOLDER).iterdir())) == 1


def test_a_process_that_is_killed_while_it_makes_one_leaves_it_to_the_next(ada, settings):
    station = a_station()
    everywhere()
    for number in range(20):
        charged(station, minute=number * 70)
    bill_all()
    export = request(ada, "xlsx")
    command = [sys.executable, "-m", "tests.billing.export_run"]
    where = {**environment(), "MEDIA_ROOT": str(settings.MEDIA_ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=where, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for _ in range(5):
            assert process.stdout.readline()
        process.kill()
    export.refresh_from_db()
    assert (export.state, export.file) == (ExportState.RUNNING, "")
    assert export.leased_until
    assert made(export, Clock(export.leased_until)).state == ExportState.READY
    assert len(sheet_rows(sheets(content(export))["Sessions"])) == 20


def _written(text: bytes) -> Path:
    part = media.new_file()
    part.write_bytes(text)
    return part


def test_what_kills_every_maker_fails_in_the_end(ada):
    export, now = request(ada), Clock()
    for _ in range(report_exports.MOST_ATTEMPTS):
        assert report_exports._claimed(now())
        now.at += report_exports.LEASE
    assert made(export, now).state == ExportState.FAILED
    assert export.error == "It was begun 3 times and not finished"
    assert report_exports.make_due(now=now) == 0


def test_a_mistake_is_tried_again_and_then_told(ada, monkeypatch):
    a_world()
    export, now = request(ada), Clock()

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(report_files, "write", full)
    for number in range(1, report_exports.MOST_ATTEMPTS + 1):
        assert report_exports.make_due(now=now) == 1
        export.refresh_from_db()
        assert (export.state, export.attempts) == (ExportState.WAITING, number)
        now.at += timedelta(minutes=1)
    assert made(export, now).state == ExportState.FAILED
    assert export.error == "OSError: No space left on device"


def test_what_is_not_there_any_more_is_told_at_once(ada):
    site = a_site()
    export = request(ada, siteId=str(site.pk))
    site.delete()
    assert made(export).state == ExportState.FAILED
    assert export.error == "siteId should be the number of a site there is"


def test_the_next_is_made_although_one_failed(ada):
    site = a_site("Gone")
    request(ada, siteId=str(site.pk))
    site.delete()
    a_world()
    assert made(request(ada)).state == ExportState.READY


def test_a_lease_is_renewed_and_progress_told_while_it_is_made(ada, monkeypatch):
    a_world()
    export, told, stored = request(ada), threading.Event(), exports.rows
    once, seen = leases.Heartbeat._once, []

    def and_look(heart: leases.Heartbeat) -> None:
        once(heart)  # in a thread with a connection of its own, as everybody else who looks
        row = ReportExport.objects.get(pk=export.pk)
        if row.rows_done:
            seen.append((row.rows_done, row.rows_total, row.leased_until))
            told.set()

    def slowly(scope: Any) -> Any:
        for row in stored(scope):
            yield row
            assert told.wait(10)

    monkeypatch.setattr(leases.Heartbeat, "every_s", 0.02)
    monkeypatch.setattr(leases.Heartbeat, "_once", and_look)
    monkeypatch.setattr(exports, "rows", slowly)
    now = Clock()
    assert made(export, now).state == ExportState.READY
    assert seen[0] == (1, 2, LATER + report_exports.LEASE)


def test_who_lost_the_lease_stops(monkeypatch):
    monkeypatch.setattr(leases.Heartbeat, "every_s", 0.01)
    taken_over = threading.Event()

    def renew(rows: int) -> bool:
        taken_over.set()
        return False

    def rows() -> Any:
        while True:
            taken_over.wait(5)
            yield 1

    def work() -> None:
        with leases.Heartbeat(renew) as heart:
            for _ in heart.counted(rows()):
                pass

    with pytest.raises(leases.Lost):
        work()


def test_totals_and_rows_are_from_one_moment(ada, monkeypatch):
    a_world()
    export, stored, once = request(ada, "xlsx"), exports.rows, threading.Event()

    def rows(scope: Any) -> Any:
        if not once.is_set():
            once.set()
            thread = threading.Thread(target=somebody_charges)
            thread.start()
            thread.join()
        yield from stored(scope)

    def somebody_charges() -> None:
        try:
            charged(a_station("CP-8", a_site("Late")))
            bill_all()
        finally:
            connection.close()

    monkeypatch.setattr(exports, "rows", rows)
    book = sheets(content(made(export)))
    # Whether the late one is in it or not: rows and totals say the same.
    gross = sum(row["gross"] for row in sheet_rows(book["Sessions"]))
    totals = [row["Gross"] for row in sheet_rows(book["Summary"]) if row["Site"] == "Total"]
    assert round(gross, 2) == round(sum(totals), 2)
