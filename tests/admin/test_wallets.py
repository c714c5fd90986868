"""Money in the admin: looked at by who may; moved by dialogs, each with its permission."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Account, JournalEntry
from cms.accounts.models import User
from cms.shared import audit
from tests.admin.dialogs import HTMX, press
from tests.billing import given

VIEW = ("billing.view_account", "billing.view_journalentry", "billing.view_posting")


def page(client: Client, row: Any) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    response = client.get(reverse(name, args=[row.pk]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def wallet(db):
    return given.a_wallet(holding="50")


@pytest.fixture
def charge(wallet):
    return given.settle(wallet, given.sale("10", tax="1.90")).charged


def test_the_page_of_a_wallet_shows_its_money_and_its_postings(root, wallet, charge):
    shown = page(root, wallet)
    assert "38.10 EUR" in shown
    assert "-11.90 EUR" in shown
    assert "session/1" in shown


def test_postings_show_only_to_whom_may_see_them(client_with, charge, wallet):
    client = client_with("billing.view_account", "billing.view_journalentry")
    assert "-11.90 EUR" not in page(client, wallet)
    assert "-11.90 EUR" not in page(client, charge)
    assert "-11.90 EUR" in page(client_with(*VIEW), charge)


def test_cash_shows_what_we_have(root, wallet):
    assert "50.00 EUR" in page(root, Account.objects.get(kind="Cash"))


def test_a_top_up_is_pressed_twice_and_booked_once(client_with, wallet):
    client = client_with(*VIEW, "billing.top_up_wallet")
    token = uuid.uuid4()
    for _ in range(2):
        press(client, "top_up", wallet, token=token, amount="12.50", reference="R-1")
    assert given.balance(wallet) == "62.50"
    entry = JournalEntry.objects.get(reference="R-1")
    assert entry.booked_by == User.objects.get(is_staff=True)


def test_what_may_not_be_is_said_in_the_dialog(root, wallet):
    assert "should have at most 2 decimals" in press(root, "top_up", wallet, amount="0.001")
    assert "Insufficient balance" in press(root, "pay_out", wallet, amount="51", reason="left")
    assert "This field is required" in press(root, "pay_out", wallet, amount="1")
    assert given.balance(wallet) == "50.00"


def test_money_is_paid_out_with_a_reason(root, wallet):
    press(root, "pay_out", wallet, amount="20", reason="left us")
    assert given.balance(wallet) == "30.00"
    assert JournalEntry.objects.get(kind="PayOut").reason == "left us"


def test_terms_change_and_say_who_and_why(root, wallet):
    press(root, "terms", wallet, policy="Postpaid", credit_limit="100", reason="contract 7")
    wallet.refresh_from_db()
    assert (wallet.policy, wallet.available) == ("Postpaid", 150)
    [said] = [entry for entry in audit.of(wallet) if "said" in (entry.additional_data or {})]
    assert "contract 7" in said.additional_data["said"]
    assert said.actor == User.objects.get(username="root")


def test_a_wallet_is_opened_for_a_user_or_a_company(root):
    given.a_user("bob")
    address = reverse("admin:billing_account_open_wallet")
    terms = {"currency": "eur", "policy": "Prepaid", "credit_limit": "0"}

    def send(**fields):
        data = {"token": uuid.uuid4(), **terms, **fields}
        return root.post(address, data, **HTMX).content.decode()

    assert "There is no user of this name" in send(user="nobody")
    assert "Name a user or a company" in send()
    send(user="bob")
    send(user="bob")
    assert Account.objects.get(kind="Wallet").user.username == "bob"


def test_a_charge_is_refunded_and_an_entry_reversed(root, wallet, charge):
    press(root, "refund", charge, amount="1.90", reason="cable")
    assert "was given back already" in press(root, "reverse", charge, reason="mistake")
    refund = JournalEntry.objects.get(kind="Refund")
    press(root, "reverse", refund, reason="wrong customer")
    press(root, "reverse", charge, reason="mistake")
    assert given.balance(wallet) == "50.00"
    assert "reversed already" in press(root, "reverse", charge, reason="again")


def test_a_dialog_that_does_not_fit_says_so(root, wallet):
    top_up = JournalEntry.objects.get(kind="TopUp")
    assert "Only what was charged" in press(root, "refund", top_up, amount="1", reason="x")
    held = given.hold(wallet, "5")
    assert "released, not reversed" in press(root, "reverse", held, reason="x")


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("top_up", {"amount": "1"}),
        ("pay_out", {"amount": "1", "reason": "x"}),
        ("terms", {"policy": "Postpaid", "credit_limit": "9", "reason": "x"}),
        ("refund", {"amount": "1", "reason": "x"}),
        ("reverse", {"reason": "x"}),
    ],
)
def test_who_may_only_look_moves_nothing(client_with, wallet, charge, action, fields):
    row = charge if action in ("refund", "reverse") else wallet
    name = f"admin:billing_{row._meta.model_name}_{action}"
    response = client_with(*VIEW).post(
        reverse(name, args=[row.pk]), {"token": uuid.uuid4(), **fields}, **HTMX
    )
    assert response.status_code == 403
    assert given.balance(wallet) == "38.10"
    wallet.refresh_from_db()
    assert wallet.policy == "Prepaid"


def test_entries_are_found_by_reference_number_or_key(root, charge):
    address = reverse("admin:billing_journalentry_changelist")
    for text in ("session/1", str(charge.pk), "settle"):
        assert list(root.get(address, {"q": text}).context["cl"].result_list) == [charge]


@pytest.mark.parametrize("model", ["account", "journalentry", "posting"])
def test_lists_take_few_queries_and_count_nothing(root, model, django_assert_max_num_queries):
    for number in range(60):
        given.a_wallet(f"user-{number}", holding="5")
    address = reverse(f"admin:billing_{model}_changelist")
    with django_assert_max_num_queries(12) as taken:
        assert len(root.get(address).context["cl"].result_list) == 50
    assert not any("COUNT(*)" in query["sql"] for query in taken.captured_queries)
