"""What is given in the tests of exports: a clock that stands, a wish, and its file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import ReportExport
from billing.reports import asked
from billing.services import report_exports
from cms.accounts.models import User
from stations.services import media
from tests.billing.charging import LATER

MARCH = {"since": "2025-03-01", "until": "2025-03-31", "zone": "Europe/Berlin"}


class Clock:
    """A clock that stands until it is put forward."""

    def __init__(self, at: datetime = LATER) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def request(user: User, kind: str = "csv", **said: str) -> ReportExport:
    wanted = asked.read({**MARCH, **said}, at=LATER)
    return report_exports.request(wanted=wanted, kind=kind, asker=user, at=LATER)


def made(export: ReportExport, now: Any = None) -> ReportExport:
    report_exports.make_due(now=now or Clock())
    export.refresh_from_db()
    return export


def content(export: ReportExport) -> bytes:
    return media.path(export.file).read_bytes()
