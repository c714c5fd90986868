"""``verify_ledger`` proves the books, and names what is wrong where they are not."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.models.ledger import GUARDS
from billing.services import ledger, proof
from tests.billing import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet(db):
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    charge = given.settle(wallet, given.sale("10", tax="1.90")).charged
    ledger.reverse(entry_id=charge.pk, key="reverse", reason="mistake", at=given.NOON)
    given.top_up(given.a_wallet("bob", currency="KWD"), "1.125")
    return wallet


def spoil(statement: str) -> list[str]:
    """What is found where somebody with all rights did this to the database."""
    given.unguarded()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    given.guarded()
    return list(proof.problems())


def unit(amount: int) -> int:
    return amount if connection.vendor == "postgresql" else amount * 10_000


def test_books_that_are_right_are_proved(wallet, capsys):
    call_command("verify_ledger")
    assert capsys.readouterr().out.startswith("Proved: 10 accounts, 6 entries, 14 postings;")


def test_books_that_are_empty_are_proved(db, capsys):
    call_command("verify_ledger")
    assert "0 postings" in capsys.readouterr().out


def test_a_balance_that_does_not_follow_is_named(wallet):
    added = unit(1)
    [found] = spoil(
        f"UPDATE billing_account SET balance = balance + {added} WHERE kind = 'Held'"
        f" AND code = 'held/user/{wallet.user_id}/EUR'"
    )
    assert f"held/user/{wallet.user_id}/EUR has a balance of 1" in found
    with pytest.raises(CommandError, match="The ledger is wrong"):
        call_command("verify_ledger")


def test_a_changed_amount_breaks_the_chain_and_the_entry(wallet):
    found = " ".join(
        spoil(
            f"UPDATE billing_posting SET amount = amount + {unit(1)}"
            " WHERE id = (SELECT min(id) FROM billing_posting)"
        )
    )
    assert "says account wallet/" in found
    assert "its postings sum to 21" in found
    assert "EUR, not to zero" in found


def test_a_posting_that_vanished_is_missed(wallet):
    found = " ".join(
        spoil("DELETE FROM billing_posting WHERE id = (SELECT max(id) FROM billing_posting)")
    )
    assert "has a single posting" in found
    assert "its postings sum to 0" in found


def test_an_entry_whose_postings_vanished_is_missed(wallet):
    found = " ".join(
        spoil(
            "DELETE FROM billing_posting"
            " WHERE entry_id = (SELECT max(entry_id) FROM billing_posting)"
        )
    )
    assert "has no postings" in found


def test_a_reversal_that_is_no_mirror_is_named(wallet):
    found = " ".join(
        spoil(
            "UPDATE billing_journalentry SET"
            " reverses_id = (SELECT min(id) FROM billing_journalentry) WHERE kind = 'Reversal'"
        )
    )
    assert "is not the mirror image of" in found


def test_a_time_that_moved_is_named(wallet):
    found = spoil(
        "UPDATE billing_journalentry SET booked_at = '2020-01-01 00:00:00+00:00'"
        " WHERE kind = 'Charge'"
    )
    assert len([one for one in found if "was booked at 2020-01-01" in one]) == 3


def test_a_missing_guard_is_named(wallet):
    given.unguarded()
    found = list(proof.problems())
    assert "the database's guard billing_entry_balanced is missing" in found
    assert len(found) == len(GUARDS)


def test_the_proof_takes_as_many_queries_whatever_there_is(wallet, django_assert_num_queries):
    for number in range(20):
        given.top_up(wallet, "1", key=f"top-up/{number}")
    with django_assert_num_queries(8):
        assert list(proof.problems()) == []
