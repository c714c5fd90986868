"""Work at the pages: prices changed by a form, money put into a wallet, mistakes said in place."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def field_error(visitor: Visitor, name: str) -> str:
    """What the dialog says below a field."""
    field = visitor.dialog.locator(".vd-wrong", has=visitor.page.locator(f"[name={name}]"))
    return field.locator("[role=alert]").inner_text()


def test_a_new_version_of_a_tariff_shows_above_the_old_one(visitor, given):
    anna = visitor("finance")
    anna.goes(given.a_tariff(name="Street", price="0.30"))
    dialog = anna.opens("New terms")
    assert dialog.locator("[name=per_kwh]").input_value() == "0.30"
    assert dialog.locator("[name=currency]").is_disabled()
    anna.fills(per_kwh="0.45", start_fee="1")
    anna.finishes("Publish")
    versions = anna.page.locator(".vd-panel", has_text="Versions").locator("tbody tr")
    assert versions.count() == 2
    assert "0.45 EUR per kWh" in versions.first.inner_text()
    assert "0.3 EUR per kWh" in versions.last.inner_text()


def test_terms_that_make_no_sense_stay_in_the_dialog_and_say_why(visitor, given):
    anna = visitor("finance")
    anna.goes(given.a_tariff(name="Odd", price="0.30"))
    anna.opens("New terms")
    anna.fills(document="{not json")
    anna.presses("Publish")
    expect(anna.dialog.locator("[role=alert]")).to_contain_text("This should be JSON")
    assert anna.dialog.locator("[name=document]").input_value() == "{not json"


def test_money_put_into_a_wallet_is_in_its_balance(visitor, given):
    anna = visitor("finance")
    anna.goes(given.a_wallet(name="bea", holding="20"))
    assert "Balance: 20.00 EUR" in anna.opens("Top up").inner_text()
    anna.fills(amount="12.50", reference="R-17")
    anna.finishes("Top up")
    assert "32.50 EUR" in anna.text
    assert "R-17" in anna.text


def test_an_amount_that_is_none_is_refused_in_the_dialog(visitor, given):
    anna = visitor("finance")
    anna.goes(given.a_wallet(name="cem"))
    anna.opens("Top up")
    for amount, problem in (("-5", "greater than or equal to 0"), ("", "This field is required")):
        anna.fills(amount=amount)
        anna.presses("Top up")
        expect(anna.dialog.locator("[role=alert]")).to_contain_text(problem)
        assert problem in field_error(anna, "amount")
    anna.page.keyboard.press("Escape")
    expect(anna.dialog).to_be_hidden()
    anna.goes(anna.page.url)
    assert "12.50" not in anna.text


def test_a_top_up_pressed_twice_is_booked_once(visitor, given):
    anna = visitor("finance")
    anna.goes(given.a_wallet(name="dora"))
    dialog = anna.opens("Top up")
    anna.fills(amount="10")
    with anna.page.expect_navigation(wait_until="load"):
        dialog.get_by_role("button", name="Top up", exact=True).dblclick(no_wait_after=True)
    anna.goes(anna.page.url)
    assert "10.00 EUR" in anna.text
    assert "20.00 EUR" not in anna.text


def test_who_may_only_look_is_offered_nothing_to_press(visitor, given):
    vera = visitor("viewer")
    vera.goes(given.a_wallet(name="emil", holding="20"))
    assert "20.00 EUR" in vera.text
    assert vera.page.get_by_role("link", name="Top up").count() == 0
