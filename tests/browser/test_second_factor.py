"""The second factor as people meet it: set up on one's page, asked for at the login; locked out."""

from __future__ import annotations

from playwright.sync_api import expect

from tests import apps


def test_somebody_sets_up_a_second_factor_and_is_asked_for_it(stranger, given, server):
    password = given.a_person(name="tina")
    tina = stranger()
    tina.logs_in("tina", password)
    tina.goes("/admin/second-factor/")
    expect(tina.page.locator(".vd-scan svg")).to_be_visible()
    secret = tina.page.locator(".vd-scan code").inner_text()
    tina.page.get_by_label("Code").fill(apps.digits(secret, later=-1))
    tina.page.get_by_role("button", name="Switch on").click()
    expect(tina.page.locator("#secret")).to_contain_text("-")
    recovery = tina.page.locator("#secret").inner_text().split()

    again = stranger(width=390)
    again.logs_in("tina", password)
    # That it gets the focus is the browser's part, which it forgets on a busy machine.
    expect(again.page.locator("#id_otp[autofocus]")).to_be_visible()
    again.page.locator("#id_otp").fill("000000")
    again.page.get_by_role("button", name="Log in").click()
    expect(again.page.get_by_role("alert")).to_contain_text("The code is wrong")
    assert again.overflow == 0
    again.page.locator("#id_otp").fill(recovery[0])
    with again.page.expect_navigation(wait_until="load"):
        again.page.get_by_role("button", name="Log in").click()
    expect(again.page.locator("#nav-sidebar-inner").first).to_be_attached()


def test_who_was_wrong_too_often_is_told_for_how_long_to_wait(stranger, given):
    given.a_person(name="otto")
    otto = stranger()
    for _ in range(10):
        otto.logs_in("otto", "wrong")
    expect(otto.page.locator("body")).to_contain_text("too many wrong logins from here")
    expect(otto.page.locator("body")).to_contain_text("minutes")
