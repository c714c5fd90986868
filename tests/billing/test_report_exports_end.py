"""What becomes of exports: files that go in time, a word by mail, the tasks that see to it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from billing.models import ExportState, ReportExport
from billing.services import report_exports
from billing.tasks import expire_report_exports, make_report_exports
from cms.accounts.models import User
from cms.shared import clock
from stations.services import media
from tests.billing.charging import LATER
from tests.billing.exporting import made, request
from tests.billing.reported import a_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def files_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_user("ada", "ada@example.com", is_staff=True)


def test_files_go_when_their_time_is_over(ada, settings):
    a_world()
    export = made(request(ada))
    file = media.path(export.file)
    ends = LATER + timedelta(days=settings.EXPORT_DAYS)
    assert report_exports.expire(at=ends - timedelta(seconds=1)) == 0
    assert file.exists()
    assert report_exports.expire(at=ends) == 1
    export.refresh_from_db()
    assert (export.state, export.file, file.exists()) == (ExportState.EXPIRED, "", False)
    report_exports.expire(at=ends + timedelta(days=91))
    assert not ReportExport.objects.exists()


def test_files_nobody_knows_go_after_a_day(ada, monkeypatch):
    a_world()
    export = made(request(ada))
    lost = media.folder(report_exports.FOLDER) / "lost"
    lost.write_bytes(b"of a maker that was killed")
    report_exports.expire(at=LATER)
    assert lost.exists()
    monkeypatch.setattr(report_exports, "_IDLE_S", -1.0)
    report_exports.expire(at=LATER)
    assert not lost.exists()
    assert media.path(export.file).exists()


def test_who_asked_is_told_by_mail_where_there_is_mail(ada, settings, monkeypatch):
    a_world()
    made(request(ada))
    assert mail.outbox == []
    settings.EMAIL_URL = "smtp://mail.example.com"
    settings.PUBLIC_URL = "https://cpms.example.com"
    export = made(request(ada))
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["ada@example.com"], f"{export.file_name} is ready")
    where = f"https://cpms.example.com/admin/billing/reportexport/{export.pk}/change/"
    assert where in sent.body

    def unreachable(*args: Any, **kwargs: Any) -> None:
        raise OSError("unreachable")

    monkeypatch.setattr("billing.services.report_mail.send_mail", unreachable)
    assert made(request(ada, "xlsx")).state == ExportState.READY


def test_the_periodic_tasks_make_and_expire_them(ada, settings):
    a_world()
    export = request(ada)
    settings.CELERY_TASK_ALWAYS_EAGER = True
    make_report_exports()
    for thread in threading.enumerate():
        if thread.name == "exports":
            thread.join(30)
    export.refresh_from_db()
    assert export.state == ExportState.READY
    settings.CELERY_TASK_ALWAYS_EAGER = False
    other = request(ada, "xlsx")
    make_report_exports()
    other.refresh_from_db()
    assert other.state == ExportState.READY
    ReportExport.objects.update(expires_at=clock.now())
    expire_report_exports()
    assert set(ReportExport.objects.values_list("state", flat=True)) == {ExportState.EXPIRED}
