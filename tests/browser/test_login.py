"""Coming in: the login page, who is refused, and what a role then sees."""

from __future__ import annotations


def test_a_wrong_password_is_refused_in_words(stranger):
    somebody = stranger()
    somebody.logs_in("admin", "not the password")
    assert "Please enter the correct username and password" in somebody.page.inner_text("body")
    assert somebody.page.locator("#id_username").is_visible()


def test_the_admin_comes_in_and_sees_everything(stranger, server):
    somebody = stranger()
    somebody.logs_in("admin", server.password)
    assert "Home" in somebody.text
    assert {"Stations", "Bills", "Users"} <= {*somebody.menu}


def test_a_role_sees_its_own_part_of_the_menu(visitor):
    somebody = visitor("finance")
    somebody.goes("/admin/")
    assert "Bills" in somebody.menu
    assert not {"Users", "API keys", "Message log"} & {*somebody.menu}
