"""The periodic task: it issues what is due, and complains of a missing issuer once."""

from __future__ import annotations

import logging

import pytest
import time_machine

from billing import tasks
from billing.models import Invoice
from tests.billing import charging, invoicing
from tests.billing.invoicing import FIRST_RUN, billed

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill(db):
    """Something to invoice."""
    invoicing.a_driver()
    charging.everywhere()
    return billed(charging.a_station())


def test_the_task_issues_what_is_due(bill):
    invoicing.an_issuer()
    with time_machine.travel(FIRST_RUN, tick=False):
        tasks.issue_invoices()
        tasks.issue_invoices()
    assert Invoice.objects.count() == 1


def test_a_system_without_an_issuer_says_so_once(bill, caplog, monkeypatch):
    monkeypatch.setattr(tasks, "_said", set())
    for _ in range(3):
        with caplog.at_level(logging.WARNING):
            tasks.issue_invoices()
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("No invoices are issued: ")
    assert not Invoice.objects.exists()
