"""Corrections in the admin: asked for in the dialogs there are, decided by another person."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from billing.models import CorrectionLimit, CorrectionRequest, JournalEntry, SessionBill
from billing.services import bills
from cms.accounts.models import User
from cms.shared import audit
from tests.admin.dialogs import HTMX, address, press
from tests.admin.test_session_page import at, words
from tests.billing import charging, given
from tests.billing.correcting import (
    a_bill,
    a_charge,
    a_limit,
    a_payment,
    an_invoice,
    now,
    pay_out,
    refund,
    reprice,
)

pytestmark = pytest.mark.django_db
DECIDES = ("view_correctionrequest", "approve_correction")
# Dialogs of money that ask for a reason and correct nothing
_OTHERS = {"terms", "settle", "reject"}
CORRECT = {"refund", "reverse", "credit", "pay_out", "reprice"}


def person(name: str, *permissions: str) -> Client:
    """Somebody of the staff at a browser, who may also look at what they correct."""
    user, _ = User.objects.get_or_create(username=name)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    rows = Permission.objects.filter(codename__in=permissions)
    user.user_permissions.add(*rows)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def page(client: Client, row: Any) -> str:
    """The page of a row, in words."""
    shown: str = words(client.get(address("change", row)))
    return shown


@pytest.fixture
def waits():
    a_limit("5")
    return refund(a_charge(given.a_wallet(holding="50")), "11.90", reason="cable torn")


def with_a_reason() -> Iterator[str]:
    """The dialogs of money that ask why."""
    registered: dict[Any, Any] = dict(admin.site._registry)
    for model, model_admin in registered.items():
        if model._meta.app_label != "billing":
            continue
        for name in model_admin._extract_action_names(model_admin.actions_detail):
            form = getattr(model_admin, name).dialog.get("asks")
            if form is not None and "reason" in form.base_fields:
                yield name


def test_every_dialog_that_asks_why_is_known_to_correct_or_not():
    assert {*with_a_reason()} == CORRECT | _OTHERS


def test_a_refund_above_the_limit_leads_to_what_waits(root):
    charge = a_charge(given.a_wallet(holding="50"))
    a_limit("5")
    before = given.counted()
    data = {"token": uuid.uuid4(), "amount": "6", "reason": "cable"}
    for _ in range(2):
        gone = root.post(address("refund", charge), data, **HTMX)
        row = CorrectionRequest.objects.get()
        assert gone["HX-Redirect"] == address("change", row)
    assert given.counted() == before
    assert "waits for approval by another person" in page(root, row)


def test_who_may_not_see_corrections_stays_where_they_were():
    charge = a_charge(given.a_wallet(holding="50"))
    a_limit("5")
    client = person("clerk", "view_journalentry", "refund_wallet")
    data = {"token": uuid.uuid4(), "amount": "6", "reason": "cable"}
    gone = client.post(address("refund", charge), data, **HTMX)
    assert gone["HX-Redirect"] == address("change", charge)
    assert CorrectionRequest.objects.get().asked_by.username == "clerk"


def asked(action: str) -> tuple[Any, dict[str, str]]:
    """What each dialog is opened on, and what it is filled in with."""
    if action == "reprice":
        return a_bill(), {}
    if action == "credit":
        return an_invoice(), {}
    if action == "payment":
        return a_payment(given.a_user("ada")), {"amount": "6"}
    wallet = given.a_wallet(holding="50")
    charge = a_charge(wallet)
    rows = {"pay_out": wallet, "refund": charge, "reverse": charge}
    return rows[action], {} if action == "reverse" else {"amount": "6"}


@pytest.mark.parametrize("action", [*sorted(CORRECT), "payment"])
def test_every_dialog_that_corrects_waits_above_the_limit(root, action):
    row, fields = asked(action)
    if action == "reprice":
        version = charging.new_version(row.version.tariff, "0.20", at=charging.LATER)
        fields["version"] = str(version.pk)
    a_limit("5")
    before = given.counted()
    name = "refund" if action == "payment" else action
    shown = press(root, name, row, reason="cable", **fields)
    if action == "reprice":  # the first press shows what it would be
        seen = "35.70 EUR becomes 23.80 EUR"
        assert seen in shown
        press(root, name, row, reason="cable", seen=seen, **fields)
    assert CorrectionRequest.objects.get().state == "Waiting"
    assert given.counted() == before


def test_the_dialog_shows_before_and_after_and_books_when_pressed(waits):
    client = person("other", *DECIDES)
    shown = words(client.get(address("approve", waits), **HTMX))
    for text in ("Before 11.90 EUR", "-11.90 EUR", "After 0.00 EUR", "cable torn", "asker"):
        assert text in shown
    press(client, "approve", waits)
    assert now(waits).state == "Approved"
    assert "Approved and booked" in page(client, waits)


def test_a_new_price_shows_both_bills_line_by_line():
    bill = a_bill()
    a_limit("5")
    waits = reprice(bill, "0.20")
    shown = words(person("other", *DECIDES).get(address("approve", waits), **HTMX))
    assert "The bill that stands" in shown
    assert "35.70 EUR" in shown.split("The bill as it would be")[0]
    assert "23.80 EUR" in shown.split("The bill as it would be")[1]


def test_who_asked_is_offered_to_withdraw_and_nothing_else(waits):
    client = person("asker", *DECIDES, "refund_wallet")
    shown = client.get(address("change", waits)).content.decode()
    assert address("withdraw", waits) in shown
    assert address("approve", waits) not in shown
    assert "another person has to decide" in press(client, "approve", waits)
    assert "another person has to decide" in press(client, "reject", waits, reason="no")
    assert now(waits).state == "Waiting"
    press(client, "withdraw", waits)
    assert now(waits).state == "Withdrawn"


def test_somebody_else_is_offered_to_decide_and_not_to_withdraw(waits):
    client = person("other", *DECIDES, "refund_wallet")
    shown = client.get(address("change", waits)).content.decode()
    assert address("approve", waits) in shown
    assert address("reject", waits) in shown
    assert address("withdraw", waits) not in shown
    assert "Only who asked" in press(client, "withdraw", waits)


def test_a_rejection_says_why_and_ends_it(waits):
    client = person("other", *DECIDES)
    assert "This field is required" in press(client, "reject", waits)
    press(client, "reject", waits, reason="no proof")
    assert "no proof" in page(client, waits)
    assert address("approve", waits) not in client.get(address("change", waits)).content.decode()


def test_what_is_out_of_date_is_said_before_and_after_it_is_approved(waits):
    client = person("other", *DECIDES)
    refund(JournalEntry.objects.get(pk=waits.parameters["charge_id"]), "3", key="small")
    assert "cannot be booked as it was asked for" in page(client, waits)
    assert "Nothing is booked, ask anew" in press(client, "approve", waits)
    assert "Out of date: nothing was booked" in page(client, waits)


def test_the_page_of_the_session_and_of_its_bill_say_that_it_waits(root):
    bill = a_bill()
    a_limit("5")
    reprice(bill, "0.20")
    said = "asked for by asker, waits for approval by another person"
    assert said in words(root.get(at("change", bill.session)))
    assert said in page(root, bill)
    assert bills.current(bill.session_id) == SessionBill.objects.get()


def test_the_home_page_has_a_line_for_who_may_decide_on_it(waits):
    shown = words(person("other", *DECIDES).get(reverse("admin:index")))
    assert f"Correction #{waits.pk}" in shown
    assert "Waits for approval" in shown
    for name, rights in (("asker", DECIDES), ("third", ("view_correctionrequest",))):
        shown = words(person(name, *rights).get(reverse("admin:index")))
        assert "Waits for approval" not in shown


def test_the_list_narrows_to_what_waits(root, waits):
    lists = reverse("admin:billing_correctionrequest_changelist")
    assert f"#{waits.pk}" in words(root.get(lists, {"state__exact": "Waiting"}))
    assert "refund" not in words(root.get(lists, {"state__exact": "Rejected"})).lower().split("#")
    assert f"#{waits.pk}" in words(root.get(lists, {"q": waits.about}))
    assert f"#{waits.pk}" not in words(root.get(lists, {"q": "session/99"}))


def test_a_limit_is_set_by_who_may_and_the_trail_has_it(root):
    add = reverse("admin:billing_correctionlimit_add")
    for amount, currency, wrong in (("1.001", "EUR", "decimals"), ("5", "XXX", "currency such as")):
        answer = root.post(add, {"currency": currency, "amount": amount})
        assert wrong in answer.content.decode()
    assert root.post(add, {"currency": "EUR", "amount": "50"}).status_code == 302
    row = CorrectionLimit.objects.get()
    assert str(row) == "50.00 EUR"
    assert [entry.actor.username for entry in audit.of(row)] == ["root"]
    looks = person("finance", "view_correctionlimit")
    assert looks.post(address("change", row), {"currency": "EUR", "amount": "9"}).status_code == 403


@pytest.mark.parametrize("action", ["refund", "pay_out", "credit", "payment"])
def test_the_dialog_says_the_limit_before_and_the_page_what_waits_after(root, action):
    row, fields = asked(action)
    a_limit("5")
    name = "refund" if action == "payment" else action
    said = "Above 5.00 EUR another person has to approve it"
    assert said in words(root.get(address(name, row), **HTMX))
    assert "waits for approval" not in page(root, row)
    press(root, name, row, reason="cable", **fields)
    assert "asked for by root, waits for approval by another person" in page(root, row)


def test_a_wallets_page_leads_to_what_waits_for_it():
    wallet = given.a_wallet(holding="50")
    a_limit("5")
    waits = pay_out(wallet, "6")
    client = person("other", *DECIDES)
    assert address("change", wallet) in client.get(address("change", waits)).content.decode()
