"""Corrections above a set amount wait for another person; nothing is booked before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.errors import InsufficientFunds, KeyUsed, NeedsApproval, NotYours, OutOfDate
from billing.models import CorrectionKind, CorrectionRequest, JournalEntry, SessionBill
from billing.services import bills, corrections
from cms.shared import audit
from cms.shared.errors import Conflict, DomainError, NotFound
from stations.models import ChargingSession
from tests.billing import charging, given
from tests.billing.correcting import (
    a_bill,
    a_charge,
    a_limit,
    approve,
    ask,
    now,
    pay_out,
    refund,
    reject,
    reprice,
    somebody,
    withdraw,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet():
    return given.a_wallet(holding="50")


@pytest.fixture
def charge(wallet):
    return a_charge(wallet)


@pytest.fixture
def limit():
    return a_limit("5")


def test_without_a_limit_everybody_corrects_alone(charge, wallet):
    assert isinstance(refund(charge, "11.90"), JournalEntry)
    assert given.balance(wallet) == "50.00"


def test_a_limit_of_another_currency_limits_nothing(charge):
    a_limit("1", currency="CHF")
    assert isinstance(refund(charge, "11.90"), JournalEntry)


def test_up_to_the_limit_a_correction_is_booked_at_once(limit, charge):
    assert isinstance(refund(charge, "5"), JournalEntry)


def test_above_the_limit_nothing_is_booked_and_the_request_says_what_would_be(limit, charge):
    before = given.counted()
    waits = refund(charge, "5.01", reason="cable torn")
    assert given.counted() == before
    row = now(waits)
    assert (row.state, row.kind, row.about) == ("Waiting", "Refund", f"entry/{charge.pk}")
    assert row.parameters == {"charge_id": charge.pk, "amount": "5.01"}
    assert (row.amount, row.before, row.after) == tuple(map(Decimal, ("5.01", "11.90", "6.89")))
    assert (row.asked_by.username, row.reason) == ("asker", "cable torn")


def test_another_person_approves_and_it_is_booked_once(limit, charge, wallet):
    waits = refund(charge, "11.90")
    done = approve(waits)
    assert approve(waits, by="third").entry == done.entry
    assert given.balance(wallet) == "50.00"
    assert (done.state, done.decided_by.username) == ("Approved", "other")
    assert done.entry.kind == "Refund"
    assert (done.entry.reason, done.entry.booked_by.username) == ("cable", "other")


def test_who_asked_neither_approves_nor_rejects(limit, charge):
    waits = refund(charge, "11.90")
    for decide in (approve, reject):
        with pytest.raises(NotYours):
            decide(waits, by="asker")
    assert now(waits).state == "Waiting"


def test_nobody_approves_and_nobody_asks(limit, charge):
    waits = refund(charge, "11.90")
    with pytest.raises(NotYours):
        corrections.approve(request_id=waits.pk, at=given.NOON, by_id=None)
    with pytest.raises(NeedsApproval):
        corrections.ask(
            kind=CorrectionKind.REFUND,
            parameters={"charge_id": charge.pk, "amount": Decimal(6)},
            reason="cable",
            key="k2",
            at=given.NOON,
            by_id=None,
        )


def test_a_rejection_has_a_reason_and_books_nothing(limit, charge):
    waits = refund(charge, "11.90")
    with pytest.raises(DomainError) as refused:
        reject(waits, reason=" ")
    assert "reason" in refused.value.fields
    assert (reject(waits).answer, now(waits).entry) == ("too much", None)
    with pytest.raises(Conflict, match="was rejected: too much"):
        approve(waits, by="third")


def test_only_who_asked_withdraws(limit, charge):
    waits = refund(charge, "11.90")
    with pytest.raises(NotYours):
        withdraw(waits, by="other")
    assert withdraw(waits).state == "Withdrawn"
    with pytest.raises(Conflict, match="was withdrawn"):
        approve(waits)
    with pytest.raises(NotFound):
        withdraw(CorrectionRequest(pk=99))


def test_the_same_key_gives_the_same_request_and_then_what_it_made(limit, charge):
    waits = refund(charge, "11.90")
    assert refund(charge, "11.90") == waits
    with pytest.raises(KeyUsed):
        refund(charge, "11.80")
    done = approve(waits)
    before = given.counted()
    assert refund(charge, "11.90") == done.entry
    assert given.counted() == before


def test_a_key_whose_request_was_rejected_is_not_asked_with_again(limit, charge):
    reject(refund(charge, "11.90"))
    with pytest.raises(Conflict, match="was rejected"):
        refund(charge, "11.90")
    assert isinstance(refund(charge, "11.90", key="k2"), CorrectionRequest)


def test_one_thing_waits_once(limit, charge):
    refund(charge, "6")
    with pytest.raises(Conflict, match="waits for approval already"):
        refund(charge, "7", key="k2", by="third")


def test_a_charge_given_back_in_part_meanwhile_is_not_given_back_again(limit, charge, wallet):
    waits = refund(charge, "6")
    refund(charge, "3", key="small")
    with pytest.raises(OutOfDate, match="not as it was"):
        approve(waits)
    row = now(waits)
    assert (row.state, row.decided_by.username, row.entry) == ("Stale", "other", None)
    assert "not as it was" in row.answer
    assert given.balance(wallet) == "41.10"


def test_a_price_is_measured_by_its_difference(limit):
    bill = a_bill()
    assert isinstance(reprice(bill, "0.34"), SessionBill)  # 4.76 more
    waits = reprice(bills.current(bill.session_id), "0.29", key="k2")  # 5.95 less
    assert (waits.amount, waits.before, waits.after) == (
        Decimal("5.95"),
        Decimal("40.46"),
        Decimal("34.51"),
    )
    done = approve(waits)
    made = bills.current(bill.session_id)
    assert (made.gross, made.entry) == (Decimal("34.51"), done.entry)
    assert ask(CorrectionKind.REPRICE, key="k2", **_asked(waits)) == made


def _asked(waits: CorrectionRequest) -> dict[str, int]:
    return {name: waits.parameters[name] for name in ("session_id", "version_id")}


def test_a_bill_priced_anew_meanwhile_is_not_priced_as_it_was_approved(limit):
    bill = a_bill()
    waits = reprice(bill, "0.20")
    bills.reprice(session_id=bill.session_id, reason="again", at=charging.LATER)
    with pytest.raises(OutOfDate):
        approve(waits)
    assert now(waits).state == "Stale"
    assert bills.current(bill.session_id).gross == bill.gross


def test_a_session_of_which_more_is_known_meanwhile_is_not_priced_as_it_was_approved(limit):
    bill = a_bill()
    waits = reprice(bill, "0.20")
    ChargingSession.objects.filter(pk=bill.session_id).update(energy_wh=90_000)
    with pytest.raises(OutOfDate):
        approve(waits)
    assert bills.current(bill.session_id) == bill


def test_a_session_of_nobody_known_is_measured_all_the_same(limit):
    station = charging.a_station()
    charging.everywhere()
    number = charging.charged(station, tag="NOBODY", wh=100_000)
    charging.bill_all()
    bill = SessionBill.objects.select_related("version__tariff").get(session=number)
    assert bill.wallet is None
    assert reprice(bill, "0.20").amount == Decimal("11.90")


def test_money_that_is_missing_only_now_leaves_the_request_waiting(limit, wallet):
    waits = pay_out(wallet, "50")
    given.hold(wallet, "1")
    with pytest.raises(InsufficientFunds):
        approve(waits)
    assert now(waits).state == "Waiting"
    given.top_up(wallet, "1", key="more")
    assert approve(waits).state == "Approved"
    assert given.balance(wallet) == "0.00"


def test_what_is_approved_is_booked_whatever_the_limit_is_by_then(limit, charge):
    waits = refund(charge, "11.90")
    limit.delete()
    assert isinstance(refund(charge, "11.90"), CorrectionRequest)
    assert approve(waits).state == "Approved"


def test_the_trail_says_who_asked_and_who_decided(limit, charge):
    waits = approve(refund(charge, "11.90"))
    said = [(row.actor.username, row.additional_data["said"]) for row in audit.of(waits)]
    assert said == [("other", "Approved"), ("asker", "Asked for: cable")]
    assert somebody("other") == waits.decided_by
