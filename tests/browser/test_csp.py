"""The Content-Security-Policy as a browser keeps it: what is smuggled in does nothing."""

from __future__ import annotations

from playwright.sync_api import expect

_SMUGGLED = """() => {
  document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='window.got = 1'>");
  const script = document.createElement("script");
  script.textContent = "window.got = 2";
  document.body.append(script);
}"""


def test_a_script_that_was_smuggled_into_a_page_does_not_run(admin):
    admin.goes("/admin/")
    with admin.page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        admin.page.evaluate(_SMUGGLED)
    assert admin.page.evaluate("window.got") is None
    assert all("Content Security Policy" in line for line in admin.takes_back())


def test_the_api_documentation_is_drawn_from_our_own_files(stranger):
    somebody = stranger()
    somebody.goes("/api/docs")
    expect(somebody.page.locator("#swagger-ui .opblock").first).to_be_visible()
