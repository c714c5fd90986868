"""The billing run: by many at once, and killed in the middle, everything is billed once.

The 1,648 recorded sessions cost to the cent what their file says: bills, lines and ledger.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import Sum

from billing.models import Account, BillLine, SessionBill
from billing.services import bills, proof
from tests.billing import recorded
from tests.billing.charging import a_driver, a_station, charged, everywhere
from tests.billing.killing import killed_after
from tests.billing.recorded import Price
from tests.billing.recorded_rows import AFTER, billed, stored
from tests.billing.test_killed import environment
from tests.stack.recorded import SESSIONS, recorded_file

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 50 if connection.vendor == "postgresql" else 8


def test_a_billing_run_that_is_killed_is_finished_by_the_next_to_the_cent(tmp_path):
    file = recorded_file(tmp_path)
    stored(file)
    for batches in (3, 7):
        before = SessionBill.objects.count()
        said = killed_after(batches, environment())
        assert said <= SessionBill.objects.count() - before < SESSIONS - before
        assert list(proof.problems()) == []
    bills.bill_all_ended(at=AFTER)
    expected = recorded.prices(file)
    assert billed() == expected
    assert by_line() == by_account() == recorded.total(expected)
    assert list(proof.problems()) == []


def by_line() -> Price:
    """The lines of all bills together."""
    return Price(**BillLine.objects.aggregate(net=Sum("net"), tax=Sum("tax"), gross=Sum("gross")))


def by_account() -> Price:
    """What the accounts hold."""
    balances = dict(Account.objects.values_list("code", "balance"))
    gross = -balances["unassigned/EUR"]
    return Price(balances["income/charging/EUR"], balances["tax/-/19/EUR"], gross)


def _bill_all(_: int) -> int:
    try:
        return bills.bill_all_ended(at=AFTER)
    finally:
        connection.close()


def test_many_workers_at_once_bill_each_session_once():
    station = a_station()
    a_driver()
    everywhere()
    numbers = [charged(station, minute=120 * hour) for hour in range(60)]
    with ThreadPoolExecutor(WORKERS) as pool:
        made = list(pool.map(_bill_all, range(WORKERS)))
    assert sum(made) == len(numbers)
    assert sorted(SessionBill.objects.values_list("session", flat=True)) == sorted(numbers)
    assert list(proof.problems()) == []
