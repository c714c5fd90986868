"""The Content-Security-Policy: strict everywhere, with what Unfold needs on the admin's pages."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from tests.source import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def policy(path: str) -> dict[str, str]:
    """The directives of the answer to a stranger."""
    said = Client().get(path).headers["Content-Security-Policy"]
    return dict((part.strip().split(" ", 1)) for part in said.split(";"))


@pytest.mark.parametrize("path", ["/", "/health", "/api/", "/api/stations", "/no/such/page"])
def test_what_is_no_page_may_load_nothing(path):
    assert policy(path) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/admin/", "/admin/no/such/page", "/account/forgotten/"]
)
def test_pages_load_from_here_only_and_run_no_script_that_stands_in_them(path):
    said = policy(path)
    assert said["script-src"] == "'self' 'unsafe-eval'"
    assert said["style-src"] == "'self' 'unsafe-inline'"
    assert said["connect-src"] == said["form-action"] == "'self'"
    assert said["default-src"] == said["frame-ancestors"] == said["base-uri"] == "'none'"


def test_the_api_documentation_runs_only_scripts_of_ours():
    assert policy("/api/docs")["script-src"] == "'self'"
    page = Client().get("/api/docs").content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    script = re.findall(r'<script src="(/api/docs[^"]*)"', page)[0]
    assert "SwaggerUIBundle(" in Client().get(script).content.decode()


def test_a_page_of_somebody_else_shows_ours_in_no_frame():
    assert Client().get("/admin/login/").headers["X-Frame-Options"] == "DENY"
    assert settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["frame-ancestors"] == ["'none'"]


def test_no_template_of_ours_has_a_script_or_a_handler_in_it():
    pages = [*(ROOT / "templates").rglob("*.html")]
    assert pages
    wrong = re.compile(r"<script(?![^>]*(\bsrc=|application/json))|\son[a-z]+=|javascript:", re.I)
    found = [f"{page.name}: {hit[0]}" for page in pages for hit in wrong.finditer(page.read_text())]
    assert found == []
