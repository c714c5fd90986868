"""The billing report as a page: its state is its address, and it leads to what it counts."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import SessionTariff
from stations.models import ChargingSession, Site
from tests.billing import given as money
from tests.billing.charging import a_site, a_station, bill_all, charged
from tests.billing.reported import MARCH, a_world, renamed
from tests.stations import given

PERMISSION = "billing.view_report"


@pytest.fixture
def finance(client_with) -> Client:
    """Somebody who may see reports, and nothing else."""
    found: Client = client_with(PERMISSION)
    return found


def page(client: Client, query: str = MARCH) -> str:
    response = client.get(f"{reverse('admin:billing_report')}?{query}")
    assert response.status_code == 200
    return response.content.decode()


def links(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', html)]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_page_says_what_was_billed_and_that_the_ledger_agrees(finance):
    a_world()
    said = words(page(finance))
    assert "2025-03-01 to 2025-03-31" in said
    assert "✓ Report = ledger 2.38 EUR" in said
    assert "Gross 3.57 EUR" in said
    assert "Refunds -1.19 EUR given back" in said
    assert "Outstanding 2.38 EUR owed at the end" in said
    assert "Harbour 1 10.000 3.00 0.57 3.57 Total 1 10.000 3.00 0.57 3.57" in said
    assert "DE 19 % 3.00 0.57 3.57" in said
    assert "This period is not finished" not in said


def test_a_difference_to_the_ledger_is_seen(finance):
    a_world()
    wallet = money.a_wallet("bob", holding="10")
    money.hold(wallet, "5")
    money.settle(wallet, money.sale("1.00", "0.19"))
    assert "✗ Report ≠ ledger report 2.38, ledger 3.57, difference 1.19 EUR" in words(page(finance))


def test_a_group_leads_to_its_bills_and_back(finance):
    a_world()
    site = Site.objects.get(name="Harbour")
    [inside] = [link for link in links(page(finance)) if f"siteId={site.pk}" in link]
    html = finance.get(inside).content.decode()
    said = words(html)
    assert "Site: Harbour" in said
    assert "By Station" in said
    assert "Latest bills of these" in said
    assert "CP-2" not in said
    back = [link for link in links(html) if "groupBy=station" in link and "siteId" not in link]
    assert any("since=2025-03-01" in link for link in back)


def test_columns_sort_downwards_first_and_then_upwards(finance):
    a_world()
    charged(a_station("CP-3", a_site("Hill")), wh=20_000)
    bill_all()
    [down] = {link for link in links(page(finance)) if "sort=-gross" in link}
    html = finance.get(down).content.decode()
    assert words(html).index("Hill 1 20") < words(html).index("Harbour 1 10")
    assert 'aria-sort="descending"' in html
    [up] = {link for link in links(html) if "sort=gross" in link}
    html = finance.get(up).content.decode()
    assert words(html).index("Harbour 1 10") < words(html).index("Hill 1 20")


def test_what_is_not_finished_is_told_with_where_to_go(client_with):
    a_world()
    station = a_station("CP-9", a_site("Hill"))
    failed, review = (charged(station, minute=minute) for minute in (200, 400))
    given.begin(station, minute=600)
    SessionTariff.objects.filter(session=failed).update(error="The register went backwards")
    ChargingSession.objects.filter(pk=review).update(needs_review=True)
    views = ("stations.view_chargingsession", "stations.view_reviewcase")
    html = page(client_with(PERMISSION, *views))
    said = words(html)
    for sentence in (
        *("1 session is under way.", "1 session waits in the review queue."),
        *("1 session could not be billed.", "The register went backwards", "In the review queue"),
    ):
        assert sentence in said
    assert any(link.endswith("?status__exact=Active") for link in links(html))
    assert "?status__exact=Active" not in page(client_with(PERMISSION))


def test_wrong_filters_are_told_beside_them_and_nothing_is_reported(finance):
    a_world()
    html = page(finance, "period=never&zone=Mars")
    said = words(html)
    assert "should be one of today, yesterday" in said
    assert "should be a time zone such as Europe/Berlin" in said
    assert "Gross" not in said
    assert "driverId should be the number of a driver" in words(page(finance, "driverId=x"))


def test_days_left_over_from_another_choice_do_no_harm(finance):
    a_world()
    assert "cannot be given" not in page(finance, f"period=lastMonth&{MARCH}")
    assert "2025-03-01 to 2025-03-31" in page(finance)


def test_an_empty_period_says_so(finance):
    a_world()
    assert "Nothing was billed in this time" in page(finance, "since=2024-01-01&until=2024-01-31")


def test_files_have_the_filters_of_the_page(finance):
    a_world()
    files = [link for link in links(page(finance, f"{MARCH}&limit=5")) if "format=" in link]
    assert [link[-3:] for link in files] == ["csv", "lsx", "pdf"]
    for link in files:
        assert "zone=Europe%2FBerlin" in link
        assert "limit" not in link
        assert finance.get(link).status_code == 200


def test_names_are_shown_and_do_nothing(finance):
    a_world()
    renamed("<script>alert(1)</script>")
    html = page(finance, f"{MARCH}&groupBy=driver")
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_who_may_not_see_reports_sees_neither_page_nor_its_place_in_the_menu(client_with):
    stranger = client_with("billing.view_sessionbill")
    assert stranger.get(reverse("admin:billing_report")).status_code == 403
    address = reverse("admin:billing_report")
    assert address not in links(stranger.get(reverse("admin:index")).content.decode())
    finance = client_with(PERMISSION)
    assert address in links(finance.get(reverse("admin:index")).content.decode())
    assert stranger.post(address, {"format": "csv"}).status_code == 403


def test_a_day_without_a_bill_is_in_the_chart(finance):
    a_world()
    values = re.findall(r'data-value="([^"]+)"', page(finance))
    assert all(unescape(value).count(",0.0") >= 28 for value in values)


def test_the_page_takes_few_queries_whatever_there_is(finance, django_assert_max_num_queries):
    a_world()
    page(finance)
    with django_assert_max_num_queries(22):
        page(finance)
    for number in range(5):
        charged(a_station(f"CP-1{number}", a_site(f"Site {number}")))
    bill_all()
    with django_assert_max_num_queries(22):
        page(finance)
