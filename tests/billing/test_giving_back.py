"""Giving back: refunds in proportion, credit notes, reversals; never more than was taken."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.errors import InsufficientFunds, KeyUsed
from billing.models import AccountKind, JournalEntry
from billing.services import giving_back, ledger
from cms.shared.errors import Conflict, DomainError, NotFound
from tests.billing import given

pytestmark = pytest.mark.django_db
HELD, OWED = AccountKind.HELD, AccountKind.OWED
BOOKS = ("income/charging/EUR", "tax/DE/19/EUR")


@pytest.fixture
def wallet(db):
    return given.a_wallet(holding="50")


@pytest.fixture
def charge(wallet):
    return given.settle(wallet, given.sale("10", tax="1.90")).charged


def refund(charge, amount, key="refund"):
    return giving_back.refund(
        charge_id=charge.pk, amount=Decimal(amount), reason="cable", key=key, at=given.NOON
    )


def refund_session(wallet, amount, key="refund", session="session/1", reason=""):
    return giving_back.refund_session(
        wallet_id=wallet.pk,
        reference=session,
        amount=Decimal(amount),
        reason=reason,
        key=key,
        at=given.NOON,
    )


def reverse(entry, key="reverse"):
    return ledger.reverse(entry_id=entry.pk, key=key, reason="mistake", at=given.after(90))


def test_a_refund_takes_tax_back_in_proportion(wallet, charge):
    entry = refund(charge, "5.95")
    assert given.lines(entry) == {"Wallet": "5.95", "Income": "-5.00", "Tax": "-0.95"}
    assert (entry.corrects, refund(charge, "5.95")) == (charge, entry)
    assert given.balance(wallet) == "44.05"


def test_refunds_of_a_charge_add_up_to_it_to_the_cent(wallet, charge):
    for number in range(7):
        refund(charge, "1.70", key=f"refund/{number}")
    with pytest.raises(Conflict, match=r"Only 0\.00 EUR is left"):
        refund(charge, "0.01", key="more")
    assert given.ours(*BOOKS) == ["0.00", "0.00"]
    assert given.balance(wallet) == "50.00"


def test_no_more_is_refunded_than_was_charged(charge):
    refund(charge, "10")
    with pytest.raises(Conflict) as refusal:
        refund(charge, "1.91", key="more")
    assert list(refusal.value.fields) == ["amount"]


def test_only_a_charge_is_refunded(wallet):
    with pytest.raises(DomainError, match="is no charge"):
        refund(wallet.postings.get().entry, "1")
    with pytest.raises(NotFound):
        refund(JournalEntry(pk=0), "1")


def test_a_session_that_is_held_gets_a_part_back_and_keeps_the_rest_held(wallet):
    given.hold(wallet, "20")
    entry = refund_session(wallet, "14.10")
    assert refund_session(wallet, "14.10") == entry
    assert (given.balance(wallet), given.balance(wallet, HELD)) == ("44.10", "5.90")
    given.settle(wallet, given.sale("5.90"))
    assert (given.balance(wallet), given.balance(wallet, HELD)) == ("44.10", "0.00")


def test_a_session_that_is_held_gets_no_more_back_than_is_held(wallet):
    given.hold(wallet, "20")
    with pytest.raises(Conflict, match=r"Only 20\.00 EUR"):
        refund_session(wallet, "20.01")
    refund_session(wallet, "20")
    assert (given.balance(wallet), given.balance(wallet, HELD)) == ("50.00", "0.00")


def test_a_session_that_was_charged_gets_a_refund_of_the_charge(wallet, charge):
    entry = refund_session(wallet, "11.90", reason="cable")
    assert (entry.corrects, refund_session(wallet, "11.90")) == (charge, entry)
    with pytest.raises(KeyUsed):
        refund_session(wallet, "1")
    assert given.balance(wallet) == "50.00"


def test_a_charge_is_given_back_for_a_reason_only(wallet, charge):
    with pytest.raises(DomainError) as refused:
        refund_session(wallet, "11.90", reason=" ")
    assert "description" in refused.value.fields
    assert given.balance(wallet) == "38.10"


def test_a_session_nobody_paid_for_has_nothing_to_give_back(wallet, charge):
    with pytest.raises(NotFound, match="session/2"):
        refund_session(wallet, "1", session="session/2")
    other = given.a_wallet("bob")
    with pytest.raises(NotFound):
        refund_session(other, "1")


def test_a_refund_settles_first_what_is_owed():
    poor = given.a_wallet("bob", holding="5")
    charge = given.settle(poor, given.sale("10", tax="1.90")).charged
    refund(charge, "4")
    assert (given.balance(poor), given.balance(poor, OWED)) == ("0.00", "-2.90")
    refund(charge, "7.90", key="rest")
    assert (given.balance(poor), given.balance(poor, OWED)) == ("5.00", "0.00")
    assert given.ours(*BOOKS) == ["0.00", "0.00"]


def test_a_charge_of_a_customer_without_money_can_be_refunded():
    poor = given.a_wallet("bob")
    refund(given.settle(poor, given.sale("10")).charged, "10")
    assert given.balances() == {}


def test_a_credit_note_is_the_mirror_of_a_charge(wallet):
    note = giving_back.credit_note(
        wallet_id=wallet.pk,
        sale=given.sale("10", tax="1.90"),
        reason="goodwill",
        key="note",
        at=given.NOON,
    )
    assert given.lines(note) == {"Wallet": "11.90", "Income": "-10.00", "Tax": "-1.90"}


def test_a_reversal_undoes_an_entry_and_both_stay(wallet, charge):
    entry = reverse(charge)
    assert given.lines(entry) == {"Wallet": "11.90", "Income": "-10.00", "Tax": "-1.90"}
    assert (entry.reverses, reverse(charge)) == (charge, entry)
    assert given.balance(wallet) == "50.00"
    with pytest.raises(Conflict, match="reversed already"):
        reverse(charge, key="again")


def test_a_charge_that_was_reversed_is_not_refunded_and_the_other_way_round(wallet, charge):
    part = refund(charge, "1")
    with pytest.raises(Conflict, match="refund the rest"):
        reverse(charge)
    reverse(part, key="undo")
    reverse(charge)
    with pytest.raises(Conflict, match="reversed already"):
        refund(charge, "1", key="more")
    assert given.balance(wallet) == "50.00"


def test_a_new_price_reverses_the_charge_and_charges_anew(wallet, charge):
    reverse(charge)
    given.settle(wallet, given.sale("9", tax="1.71"), key="settle/2")
    assert given.ours(*BOOKS) == ["9.00", "1.71"]
    assert giving_back.last_charge(wallet.pk, "session/1") != charge
    assert given.balance(wallet) == "39.29"


def test_a_top_up_that_was_spent_cannot_be_reversed(wallet, charge):
    top_up = JournalEntry.objects.get(kind="TopUp")
    with pytest.raises(InsufficientFunds):
        reverse(top_up)
    assert given.balance(wallet) == "38.10"


def test_a_reversed_charge_gives_back_what_was_owed_and_paid_since():
    poor = given.a_wallet("bob", holding="5")
    charge = given.settle(poor, given.sale("12")).charged
    given.top_up(poor, "20", key="later")
    assert given.balance(poor) == "13.00"
    reverse(charge)
    assert (given.balance(poor), given.balance(poor, OWED)) == ("25.00", "0.00")


@pytest.mark.parametrize("kind", ["Hold", "Release", "Reversal", "Collection"])
def test_what_ends_another_way_is_not_reversed(wallet, kind):
    given.hold(wallet, "50")
    charge = given.settle(wallet, given.sale("60")).charged
    given.top_up(wallet, "10", key="later")
    reverse(charge)
    entry = JournalEntry.objects.filter(kind=kind).first()
    before = given.counted()
    with pytest.raises(Conflict):
        reverse(entry, key="no")
    assert given.counted() == before


def test_nothing_is_reversed_without_a_reason(charge):
    with pytest.raises(DomainError) as refusal:
        ledger.reverse(entry_id=charge.pk, key="k", reason="", at=given.NOON)
    assert list(refusal.value.fields) == ["reason"]
    with pytest.raises(NotFound):
        ledger.reverse(entry_id=0, key="k", reason="x", at=given.NOON)
