"""The database itself keeps the ledger: what raw SQL tries, it refuses, on both engines."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import Account, AccountKind, JournalEntry, Posting
from tests.billing import given

TIME = "2025-03-01 12:00:00"


@pytest.fixture
def wallet(db):
    return given.a_wallet(holding="20")


def run(statement: str, *values: object) -> None:
    """One statement, without any of our code; amounts are those of the engine's columns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(statement: str, *values: object) -> bool:
    """Whether the database refuses it there and then."""
    try:
        with transaction.atomic():
            run(statement, *values)
    except IntegrityError as error:
        return "ledger:" in str(error) or "CHECK" in str(error).upper()
    return False


def money(amount: int) -> int:
    """Whole euros as the column holds them."""
    return amount if connection.vendor == "postgresql" else amount * 10_000


def post(entry: int, account: Account, amount: int, after: int, time: str = TIME) -> None:
    """A posting by hand."""
    run(
        "INSERT INTO billing_posting (entry_id, account_id, amount, balance_after, booked_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        *(entry, account.pk, money(amount), money(after), time),
    )


def seal(number: int, key: str = "by hand", time: str = TIME) -> None:
    """An entry by hand."""
    run(
        "INSERT INTO billing_journalentry (id, kind, idempotency_key, fingerprint, at, booked_at,"
        " reference, description, reason) VALUES (%s, 'Adjustment', %s, '', %s, %s, '', '', '')",
        *(number, key, time, time),
    )


def committed(work) -> bool:
    """Whether the database takes ``work``, up to its deferred checks."""
    try:
        with transaction.atomic():
            work()
            connection.check_constraints()
    except IntegrityError:
        return False
    return True


def cash() -> Account:
    return Account.objects.get(kind=AccountKind.CASH)


def test_an_entry_by_hand_that_balances_is_taken(wallet):
    def work():
        post(77, wallet, -5, 15)
        post(77, cash(), 5, -15)
        seal(77)

    assert committed(work)
    assert given.balance(wallet) == "15.00"


def test_an_entry_that_does_not_sum_to_zero_is_refused(wallet):
    def work():
        post(77, wallet, -5, 15)
        post(77, cash(), 4, -16)
        seal(77)

    assert not committed(work)
    assert given.balance(wallet) == "20.00"


def test_an_entry_that_sums_to_zero_over_two_currencies_only_is_refused(wallet):
    other = given.a_wallet("bob", currency="SEK")

    def work():
        post(77, wallet, -5, 15)
        post(77, other, 5, 5)
        seal(77)

    assert not committed(work)


def test_an_entry_without_postings_is_refused(wallet):
    assert not committed(lambda: seal(77))


def test_a_posting_has_the_time_of_its_entry(wallet):
    def work():
        post(77, wallet, -5, 15, "2025-02-01 12:00:00")
        post(77, cash(), 5, -15)
        seal(77)

    assert not committed(work)


def test_postings_without_an_entry_are_refused(wallet):
    def work():
        post(77, wallet, -5, 15)
        post(77, cash(), 5, -15)

    assert not committed(work)
    assert given.balance(wallet) == "20.00"


def test_nothing_is_added_to_an_entry_that_is_there(wallet):
    entry = JournalEntry.objects.get()
    held = Account.objects.get(wallet=wallet, kind=AccountKind.HELD)
    assert not committed(lambda: post(entry.pk, held, 1, 1))


def test_a_posting_that_claims_another_balance_is_refused(wallet):
    assert not committed(lambda: post(77, wallet, -5, 14))


def test_a_wallet_by_hand_does_not_fall_below_its_floor(wallet):
    def work():
        post(77, wallet, -21, -1)
        post(77, cash(), 21, 1)
        seal(77)

    assert not committed(work)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_posting SET amount = amount + 1",
        "UPDATE billing_posting SET booked_at = '2020-01-01 00:00:00'",
        "DELETE FROM billing_posting",
        "UPDATE billing_journalentry SET reason = 'nicer'",
        "UPDATE billing_journalentry SET idempotency_key = 'free'",
        "DELETE FROM billing_journalentry",
        "UPDATE billing_account SET balance = balance + 1",
        "UPDATE billing_account SET balance = 0",
        "UPDATE billing_account SET currency = 'SEK'",
        "UPDATE billing_account SET kind = 'Income'",
        "UPDATE billing_account SET code = code || 'x'",
        "UPDATE billing_account SET user_id = NULL",
        "DELETE FROM billing_account",
    ],
)
def test_what_is_written_stays(wallet, statement):
    assert refused(statement)


def test_the_floor_can_change_but_not_above_the_balance(wallet):
    statement = "UPDATE billing_account SET floor = %s WHERE id = %s"
    run(statement, money(-5), wallet.pk)
    assert refused(statement, money(21), wallet.pk)
    assert refused(statement, None, wallet.pk)


def test_an_account_begins_with_nothing(wallet):
    columns = "kind, currency, name, policy, country, opened_at"
    made = f"INSERT INTO billing_account (code, balance, {columns}) SELECT 'x', %s, {columns}"
    made += " FROM billing_account WHERE kind = 'Cash'"
    assert refused(made, money(1))
    assert not refused(made, 0)


def test_nothing_is_replaced_or_emptied(wallet):
    if connection.vendor == "postgresql":
        attempts = ["TRUNCATE billing_posting", "TRUNCATE billing_account CASCADE"]
    else:
        attempts = [
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
            for table in ("billing_posting", "billing_journalentry", "billing_account")
        ]
        again = "INSERT OR REPLACE INTO billing_account (id, code, kind, currency, name, policy,"
        again += " balance, country, opened_at) SELECT id, 'x', kind, currency, name, policy, 0,"
        attempts.append(f"{again} country, opened_at FROM billing_account")
    connection.check_constraints()  # PostgreSQL empties no table with checks still to come
    for attempt in attempts:
        assert refused(attempt), attempt
    assert Posting.objects.count() == 2


@pytest.mark.parametrize("link", ["reverses_id", "closes_id"])
def test_an_entry_is_reversed_and_closed_once(wallet, link):
    given.hold(wallet, "5")
    given.hold(wallet, "5", session="session/2", key="other")
    first = JournalEntry.objects.filter(kind="Hold").first().pk
    kind = {"reverses_id": "Reversal", "closes_id": "Release"}[link]

    def undo(number):
        post(number, wallet, 1, 11 if number == 77 else 12)
        post(number, cash(), -1, -21 if number == 77 else -22)
        run(
            f"INSERT INTO billing_journalentry (id, kind, idempotency_key, fingerprint, at,"
            f" booked_at, reference, description, reason, {link})"
            f" VALUES (%s, '{kind}', %s, '', %s, %s, '', '', '', %s)",
            *(number, f"key/{number}", TIME, TIME, first),
        )

    assert committed(lambda: undo(77))
    assert not committed(lambda: undo(78))
