"""Bills say what counted when they were made: a report of old does not change with the world."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from billing.models import SessionBill
from billing.reports import exports, tables
from billing.reports.scope import Scope
from billing.services import bills
from rfid.models import CardGroup, RfidCard
from stations.models import Site
from tests.billing import given as money
from tests.billing.charging import (
    LATER,
    a_driver,
    a_site,
    a_station,
    bill_all,
    charged,
    everywhere,
)
from tests.stations.given import after

pytestmark = pytest.mark.django_db
ALL = Scope(after(-1), after(60 * 24 * 40))


@pytest.fixture
def billed():
    """A session at the harbour by Ann of the fleet, billed."""
    station, driver = a_station(), a_driver()
    RfidCard.objects.update(group=CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET"))
    everywhere()
    charged(station)
    bill_all()
    assert driver == SessionBill.objects.get().driver
    return station


def everything_moves(station) -> None:
    """The station goes elsewhere, the card to somebody else."""
    station.site = a_site("Hill")
    station.save()
    bob = money.a_user("bob")
    RfidCard.objects.update(user=bob, group=None)


def shown() -> list[object]:
    """The report by all that may move, and the rows of its file."""
    by = [tables.tables(ALL, by=name) for name in ("site", "driver", "card_group")]
    return [*by, *exports.rows(ALL)]


def test_a_station_that_moves_takes_no_old_bill_along(billed):
    before = shown()
    everything_moves(billed)
    assert shown() == before
    [row] = exports.rows(ALL)
    found = dict(zip(exports.COLUMNS, row, strict=True))
    assert (found["site"], found["driver"], found["card_group"]) == ("Harbour", "ann", "Fleet")


def test_what_takes_a_bill_back_stands_where_the_bill_stood(billed):
    everything_moves(billed)
    number = SessionBill.objects.get().session_id
    bills.reprice(session_id=number, reason="late meter", at=LATER)
    rows = SessionBill.objects.order_by("revision")
    stood = list(rows.values_list("site__name", "driver__username", "card_group__name"))
    assert stood == [
        ("Harbour", "ann", "Fleet"),
        ("Harbour", "ann", "Fleet"),
        ("Hill", "ann", None),  # who pays stays who had it
    ]


def test_what_bills_name_is_not_deleted(billed):
    named = [SessionBill.objects.get().driver, Site.objects.get(), CardGroup.objects.get()]
    with CaptureQueriesContext(connection) as queries:
        for thing in named:
            with pytest.raises(ProtectedError):
                thing.delete()
    columns = [f'"billing_sessionbill"."{name}_id" IN' for name in ("driver", "site", "card_group")]
    asked = [query["sql"] for query in queries if any(one in query["sql"] for one in columns)]
    assert len(asked) == 3
    assert all("LIMIT 1" in sql for sql in asked)


def test_bills_of_before_are_filled_in(billed):
    money.unguarded()
    SessionBill.objects.update(site=None, driver=None, card_group=None)
    migration = importlib.import_module("billing.migrations.0004_bills_remember")
    migration.fill(apps, money.Statements())
    money.guarded()
    bill = SessionBill.objects.get()
    assert bill.site == billed.site
    assert bill.driver.username == "ann"
    assert bill.card_group.name == "Fleet"
