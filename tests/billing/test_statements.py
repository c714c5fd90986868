"""A wallet's statement over REST: its lines say what each was for, and add up to its sums."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Account, SessionBill
from billing.services import giving_back, wallets
from cms.accounts.models import User
from stations.models import ChargingStation
from tests.billing import charging, given
from tests.billing.test_wallet_api import person

pytestmark = pytest.mark.django_db
PATH = "/api/wallet/statement"


@pytest.fixture
def ann() -> User:
    """She paid 50.00 in, charged for 3.57 at the harbour, and got 1.19 of it back."""
    charging.everywhere()
    ann = charging.a_driver()
    given.top_up(wallets.open(customer=ann, currency="EUR", at=given.NOON), "50")
    charging.charged(charging.a_station())
    charging.bill_all()
    giving_back.refund(
        charge_id=SessionBill.objects.get().entry_id or 0,
        amount=Decimal("1.19"),
        reason="A slow station",
        key="refund",
        at=charging.LATER,
    )
    return ann


def statement(user: User, **query: Any) -> dict[str, Any]:
    answer = person(user).get(PATH, query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_each_line_says_what_it_was_for(ann):
    number = SessionBill.objects.get().session_id
    shown = [
        (line["kind"], line["amount"], line["sessionId"], line["siteName"], line["reason"])
        for line in statement(ann)["lines"]
    ]
    assert shown == [
        ("TopUp", "50.00", None, "", ""),
        ("Charge", "-3.57", number, "Harbour", ""),
        ("Refund", "1.19", number, "Harbour", "A slow station"),
    ]


def test_a_station_that_moves_takes_no_old_line_along(ann):
    ChargingStation.objects.update(site=charging.a_site("Mill"))
    assert {line["siteName"] for line in statement(ann)["lines"]} == {"", "Harbour"}


def test_lines_add_up_to_the_sums(ann):
    found = statement(ann)
    moved = sum(Decimal(line["amount"]) for line in found["lines"])
    assert Decimal(found["opening"]) + moved == Decimal(found["closing"]) == Decimal("47.62")
    assert found["lines"][-1]["balanceAfter"] == found["closing"]


def test_lines_come_page_by_page_with_the_sums_of_the_whole(ann):
    whole = statement(ann)
    lines, address = [], f"{PATH}?limit=1"
    while address:
        answer = person(ann).get(address)
        page = answer.json()
        lines += page.pop("lines")
        assert page == {name: whole[name] for name in page}
        address = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
    assert lines == whole["lines"]


def test_a_closed_time_has_only_its_own_lines(ann):
    assert statement(ann, until="2025-03-01T00:00:00Z")["lines"] == []
    kinds = [line["kind"] for line in statement(ann, since=charging.LATER.isoformat())["lines"]]
    assert "TopUp" not in kinds
    assert "Charge" in kinds


@pytest.mark.parametrize("wrong", [{"limit": "x"}, {"cursor": "?"}, {"since": "when"}])
def test_what_makes_no_sense_is_refused(ann, wrong):
    assert person(ann).get(PATH, wrong).status_code == 400


def test_a_reference_that_is_no_session_is_none():
    wallet = given.a_wallet(holding="20")
    given.settle(wallet, given.sale("10"), session="session/S1")
    given.settle(wallet, given.sale("1"), session="session/99999999999999", key="other")
    lines = statement(wallet.user)["lines"]
    assert [line["sessionId"] for line in lines] == [None, None, None]


def test_many_lines_take_as_many_queries_as_few(ann):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            statement(ann)
        return len(found)

    few = queries()
    wallet = Account.objects.get(kind="Wallet")
    for number in range(10):
        given.top_up(wallet, "1", key=f"again/{number}")
    assert queries() == few
