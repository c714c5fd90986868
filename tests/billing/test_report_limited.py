"""The billing report of who is limited to some sites: theirs only, and nothing of the company's."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from cms.accounts import keys
from cms.accounts.models import SiteLimit, User
from cms.shared import clock
from stations.models import Site
from tests.api.conftest import caller
from tests.billing.reported import MARCH, a_world, pdf_text, sheets

pytestmark = pytest.mark.django_db
REPORT = "/api/reports/billing"


@pytest.fixture
def limited() -> User:
    """Somebody of one site, where there is a world of bills."""
    a_world()
    user = User.objects.create_user("limited", is_staff=True, is_superuser=False)
    SiteLimit.objects.create(user=user, site=Site.objects.get(name="Harbour"))
    return User.objects.get(pk=user.pk)


def test_a_program_is_told_of_no_ledger(limited):
    tables = caller(limited, "read").get(f"{REPORT}?{MARCH}").json()["tables"]
    assert [table["currency"] for table in tables] == ["EUR"]
    assert tables[0]["reconciliation"] is None
    assert tables[0]["outstanding"] is None


def test_the_page_says_why_nothing_is_compared(limited):
    limited.user_permissions.add(Permission.objects.get(codename="view_report"))
    client = Client()
    client.force_login(limited)
    html = client.get(f"{reverse('admin:billing_report')}?{MARCH}").content.decode()
    said = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    assert "Gross 3.57 EUR" in said
    assert "The ledger knows no sites" in said
    assert "Report = ledger" not in said


def by_key(user: User, *sites: Site) -> APIClient:
    """A program that reads with a key limited to ``sites``."""
    _, key = keys.create(name="one", user=user, scopes=["read"], at=clock.now(), sites=sites)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {key}")
    return client


def test_exports_made_without_the_limit_are_not_read_with_it(limited):
    path, whole = f"{REPORT}/exports", User.objects.create_user("whole")
    body = {"format": "csv", "since": "2025-03-01", "until": "2025-03-31"}
    for user in (whole, limited):
        asked = caller(user, "read", "write").post(path, body, format="json")
        assert asked.status_code == 202
        assert len(caller(user, "read").get(path).json()) == 1
    [export] = caller(whole, "read").get(path).json()
    site = Site.objects.get(name="Harbour")
    key = by_key(whole, site)
    SiteLimit.objects.create(user=whole, site=site)
    for narrowed in (key, caller(whole, "read")):
        assert narrowed.get(path).json() == []
        assert narrowed.get(f"{path}/{export['id']}").status_code == 404
        assert narrowed.get(f"{path}/{export['id']}/file").status_code == 404


def test_files_leave_the_comparison_out(limited):
    api = caller(limited, "read")
    book = b"".join(api.get(f"{REPORT}?{MARCH}&format=xlsx"))
    cells = [cell for row in sheets(book).worksheets[0].iter_rows(values_only=True) for cell in row]
    summary = " ".join(map(str, cells))
    assert "Refunds and credit notes" in summary
    assert "ledger" not in summary.lower()
    paper = pdf_text(b"".join(api.get(f"{REPORT}?{MARCH}&format=pdf")))
    assert "Refunds and credit notes" in paper
    assert "ledger" not in paper.lower()
