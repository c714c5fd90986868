"""Exports over REST and at their pages: for who asked, and for those who may see reports."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from billing.models import ExportState, ReportExport
from billing.services import report_exports, report_files
from cms.accounts.models import User
from cms.shared import clock
from tests.admin.test_report import PERMISSION, links, words
from tests.api.conftest import caller
from tests.billing.reported import MARCH, a_world, csv_rows

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/reports/billing/exports"
BODY = {"format": "csv", "since": "2025-03-01", "until": "2025-03-31"}


@pytest.fixture(autouse=True)
def files_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def api(db) -> APIClient:
    """A program that may read and ask."""
    return caller(User.objects.create_user("program"), "read", "write")


@pytest.fixture
def root(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def person(name: str, *permissions: str) -> Any:
    """Somebody of the staff, at a browser."""
    user = User.objects.create_user(name, is_staff=True)
    codes = [permission.partition(".")[2] for permission in permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client = Client()
    client.force_login(user)
    return client


def ask(client: Any, **changes: Any) -> Any:
    return client.post(PATH, {**BODY, **changes}, content_type="application/json")


def post(api: APIClient, **changes: Any) -> Any:
    return api.post(PATH, {**BODY, **changes}, format="json")


def make() -> None:
    report_exports.make_due(now=clock.now)


def test_a_program_asks_waits_and_downloads(api):
    a_world()
    asked = post(api)
    assert (asked.status_code, asked.json()["state"]) == (202, "Waiting")
    where = asked["Location"]
    assert api.get(f"{where}/file").status_code == 409
    assert api.get(where).json()["fileUrl"] is None
    make()
    export = api.get(where).json()
    assert (export["state"], export["rowsDone"], export["rowsTotal"]) == ("Ready", 2, 2)
    file = api.get(export["fileUrl"])
    assert file["Content-Disposition"] == f'attachment; filename="{export["fileName"]}"'
    content = b"".join(file)
    assert len(content) == export["sizeBytes"]
    assert [row["gross"] for row in csv_rows(content)] == ["3.57", "4.00"]
    assert api.get(PATH).json() == [export]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format": "ods"}, "format"),
        ({"format": None}, "format"),
        ({"since": "never"}, "since"),
        ({"groupBy": "colour"}, "groupBy"),
        ({"siteId": "x"}, "siteId"),
        ({"siteId": 99}, "siteId"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_wish_is_a_400_that_names_it(api, changes, field):
    refused = post(api, **changes)
    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == [field]
    assert not ReportExport.objects.exists()


def test_too_many_at_once_are_refused(api, monkeypatch):
    monkeypatch.setattr(report_exports, "MOST_UNDER_WAY", 1)
    assert post(api).status_code == 202
    assert post(api).status_code == 202  # the same
    refused = post(api, format="pdf")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_exports")


def test_a_file_is_for_who_asked_and_for_those_who_may_see_reports():
    a_world()
    finance = person("finance", PERMISSION)
    where = ask(finance).json()["id"]
    make()
    User.objects.get(username="finance").user_permissions.clear()
    page = reverse("admin:billing_reportexport_change", args=[where])
    for address in (f"{PATH}/{where}", f"{PATH}/{where}/file", page):
        assert finance.get(address).status_code == 200, address
        assert person(f"other{address}", PERMISSION).get(address).status_code == 200
    stranger = person("stranger", "billing.view_sessionbill")
    assert stranger.get(f"{PATH}/{where}").status_code == 404
    assert stranger.get(f"{PATH}/{where}/file").status_code == 404
    for name in ("change", "file", "live"):
        address = reverse(f"admin:billing_reportexport_{name}", args=[where])
        assert stranger.get(address).status_code == 403
    assert ask(stranger).status_code == 403
    assert APIClient().get(f"{PATH}/{where}/file").status_code == 401
    lesser = caller(User.objects.get(username="finance"), "write")
    assert lesser.get(f"{PATH}/{where}/file").status_code == 403


def test_a_file_that_is_gone_is_a_404(api):
    post(api)
    make()
    ReportExport.objects.update(state=ExportState.EXPIRED, file="")
    export = ReportExport.objects.get()
    assert api.get(f"{PATH}/{export.pk}/file").status_code == 404
    assert api.get(f"{PATH}/999999/file").status_code == 404


def test_a_large_workbook_is_asked_for_at_the_page_and_followed(root, monkeypatch):
    a_world()
    monkeypatch.setattr(report_files, "AT_ONCE", 1)
    report = f"{reverse('admin:billing_report')}?{MARCH}"
    html = root.get(report).content.decode()
    assert "Export XLSX in the background" in html
    assert not any("format=xlsx" in link for link in links(html))
    followed = root.post(report, {"format": "xlsx"}, follow=True)
    html = followed.content.decode()
    assert 'hx-trigger="every 2s' in html
    assert "Waiting" in words(html)
    make()
    export = ReportExport.objects.get()
    live = root.get(reverse("admin:billing_reportexport_live", args=[export.pk])).content.decode()
    assert "every 2s" not in live
    [file] = [link for link in links(live) if link.endswith("/file/")]
    assert b"".join(root.get(file)).startswith(b"PK")
    [back] = {link for link in links(html) if "since=2025-02-28T23" in link}
    assert 'type="date" value="2025-03-01"' in root.get(back).content.decode()
    assert root.get(reverse("admin:billing_reportexport_changelist")).status_code == 200


def test_what_cannot_be_asked_for_at_the_page_is_told(root):
    report = f"{reverse('admin:billing_report')}?{MARCH}"
    assert "What kind of file?" in root.post(report, {}, follow=True).content.decode()
    assert root.post(f"{report}&siteId=99", {"format": "pdf"}).status_code == 302
    assert not ReportExport.objects.exists()
