"""No page of the admin shows a text that has no translation, in a language of brackets."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from stations.models import ChargingStation
from tests.admin import pseudo
from tests.admin.dialogs import press
from tests.admin.test_permissions import addresses

pytestmark = pytest.mark.once  # texts are of no engine

# What stations, people and OCPP say, and names of rows, which the audit trail keeps in English.
DATA = (
    r"\d|^[A-Z][a-z]+([A-Z][a-zA-Z]*)+$|^[0-9A-F]{4,}$|\| \|? ?Voltdesk$",
    r"^[A-Za-z_+-]+/[A-Za-z_/+-]+$",  # time zones
    r"^(de|en|fr|Deutsch|English|français|[Ee]sc|Enter|\(?Ctrl( K\))?)$",
    r"^(UTC|CSV|XLSX|PDF|JSON Lines|\(?EUR\)?|kWh|Voltdesk|Stripe|Voltwerk.*|Standard.*)$",
    r"^(root|Root|root at Fleet Ltd|root@example\.com|North|Vendor.*|Model)$",
    r"^((Root at )?Fleet.*|FLEET|Night.*|Street.*|Van 7.*|App|STRANGER|STRA|NGER|UID|file\.bin)$",
    r"^(Auditor|Finance|Operator|Support|Technician|Welcome|Credit: Welcome|Template Street)$",
    r"^(Accepted|Authorize|Available|Charging|Heartbeat|Requested|Reset|Tamper)$",
    r"^((Wallet|Held|Owed) of .*|Cash( \(EUR\))?|cash|Income: charging.*|[Cc]ertificate)$",
    r"^(Axes|Otp_\w+) \| |left us$|^\(root\)$",  # what other packages allow; what people wrote
    r"^: \w+\*+$|^\), asked for by root, waits for",  # half of a marked text, around a link
    r"^(Looked at|this form|SHA-|Rate_unit of Vendor|rate_unit.*)$|^\W*SHA-256$",
)
# Forms that offer hundreds of data: time zones, and quirks by the names the API has for them.
CROWDED = r"/chargingstation/(add|\d+/change)/|/(site|quirk|quirktally)/"


def unmarked(html):
    """The texts that nobody marked for translation, less what is no text of ours."""
    return {text for text in pseudo.bare(html) if not re.search("|".join(DATA), text)}


def pages(world, client):
    """Every page that answers with one, less the crowded ones."""
    for address in addresses(world):
        if not re.search(CROWDED, address):
            response = client.get(address, HTTP_HX_REQUEST="true")
            is_page = response.get("Content-Type", "").startswith("text/html")
            if response.status_code == 200 and is_page and not response.streaming:
                yield address, response.content.decode()


def test_every_text_of_every_page_has_a_translation(world, root):
    with pseudo.spoken():
        found = {address: unmarked(html) for address, html in pages(world, root)}
    assert len(found) > 150
    left = {address: texts for address, texts in found.items() if texts}
    assert left == {}


def test_a_text_nobody_marked_would_be_noticed():
    assert unmarked("<p>⟦Marked⟧ Forgotten words</p>") == {"Forgotten words"}


def test_what_a_dialog_refuses_has_a_translation(root, station):
    ChargingStation.objects.update(registration="Rejected")
    with pseudo.spoken():
        shown = press(root, "reset", station, kind="Soft")
    assert "⟦CP-0001 is registered as ⟦Rejected⟧⟧" in shown
    assert unmarked(shown) == set()


def test_what_a_form_misses_has_a_translation(root, card):
    with pseudo.spoken():
        shown = press(root, "block", card)
        found = unmarked(shown)
    assert "errorlist" in shown or "error" in shown
    assert found == set()


def test_the_home_page_and_the_report_have_translations(world, root):
    with pseudo.spoken():
        found = [
            unmarked(root.get(reverse(f"admin:{name}")).content.decode())
            for name in ("index", "billing_report")
        ]
    assert found == [set(), set()]
