"""The import of cards at the pages: a file, its columns, what would come, done; the export."""

from __future__ import annotations

import csv
import re
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from rfid.models import CardImport, RfidCard
from rfid.services import cards, import_work, sheets
from tests.admin.dialogs import address, press
from tests.admin.test_cards import text

ADD = "admin:rfid_cardimport_add"
MAY = ("rfid.add_cardimport", "rfid.view_cardimport", "rfid.add_rfidcard", "rfid.change_rfidcard")
TABLE = "Kartennummer;Bezeichnung\n04:AA:00:01;Van 1\n;Nothing\n04AA0002;Van 2\n"
EXPORT = "admin:rfid_rfidcard_export"


def upload(client, content=TABLE, name="cards.csv"):
    """Send a file; gives where that leads."""
    file = SimpleUploadedFile(name, content.encode())
    return client.post(reverse(ADD), {"upload": file}, follow=True)


def preview(client, row, **more):
    """Confirm the columns as they are guessed."""
    chosen = {f"column_{at}": field for at, field in enumerate(row.columns)}
    return client.post(address("columns", row), {**chosen, **more}, follow=True)


def export(client, **wanted):
    """The file of the list."""
    dates = {"since": "2020-01-01", "until": "2030-01-01"}
    response = client.get(reverse(EXPORT), {**dates, **wanted})
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_a_file_becomes_cards_step_by_step(root):
    page = upload(root)
    row = CardImport.objects.get()
    assert page.redirect_chain[-1][0] == address("change", row)
    assert re.findall(r'<option value="(\w+)" selected>', page.content.decode()) == [
        "number",
        "label",
    ]
    shown = text(preview(root, row))
    assert "2 new" in shown
    assert "3Number–is missing" in shown
    assert "Import 2 cards…" in shown
    assert not RfidCard.objects.exists()
    press(root, "confirm", row)
    press(root, "confirm", row)
    assert [card.label for card in RfidCard.objects.order_by("pk")] == ["Van 1", "Van 2"]
    assert "What came of it" in text(root.get(address("change", row)))


def test_columns_that_make_no_sense_are_said_and_nothing_is_shown(root):
    upload(root)
    row = CardImport.objects.get()
    shown = root.post(address("columns", row), {"column_0": "label"}, follow=True)
    assert "Say which column is the number of the card." in text(shown)
    row.refresh_from_db()
    assert row.state == "Uploaded"


def test_a_file_that_is_none_is_refused_where_it_was_chosen(root):
    assert "The file has no rows below its head." in text(upload(root, "only a head"))
    assert not CardImport.objects.exists()


def test_a_file_is_forgotten(root):
    upload(root)
    row = CardImport.objects.get()
    press(root, "cancel", row)
    row.refresh_from_db()
    assert (row.state, bytes(row.content)) == ("Cancelled", b"")


def large(wrong=60):
    """A file that is not done at once: cards, and as many rows without a number."""
    lines = [f"04AA{n:06X};Van {n};{'x' * 40}" for n in range(2_000)] + [";None"] * wrong
    return "UID;Label;\n" + "\n".join(lines)


def test_a_large_file_is_followed_while_a_worker_has_it(root):
    upload(root, large())
    row = CardImport.objects.get()
    page = preview(root, row).content.decode()
    assert "The table is being looked at" in page
    assert f'hx-get="{address("live", row)}"' in page
    assert "0 of 2,060 rows" in page
    import_work.carry_out_due(now=timezone.now)
    shown = root.get(address("live", row)).content.decode()
    assert "hx-get" not in shown
    assert "Import 2000 cards…" in shown
    for _ in range(2):
        press(root, "confirm", row)
    assert "Cards are being imported" in text(root.get(address("change", row)))
    assert import_work.carry_out_due(now=timezone.now) == 1
    assert "What came of it" in text(root.get(address("live", row)))
    assert RfidCard.objects.count() == 2_000


def test_rows_of_one_kind_are_looked_at_alone(root):
    cards.create(id_tag="04AA0002", label="Van 2")
    upload(root)
    row = CardImport.objects.get()
    shown = text(preview(root, row))
    assert "1 new" in shown
    assert "1 skipped" in shown
    for kind, there, gone in (
        ("wrong", "is missing", "Van 1"),
        ("new", "Van 1", "is missing"),
        ("same", "Van 2", "Van 1"),
    ):
        page = text(root.get(address("change", row), {"show": kind}))
        assert there in page, kind
        assert gone not in page.partition("What the columns are")[0], kind


def test_all_errors_are_saved_by_line(root):
    upload(root, large(wrong=300))
    row = CardImport.objects.get()
    preview(root, row)
    import_work.carry_out_due(now=timezone.now)
    response = root.get(address("errors", row))
    found = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(StringIO(found)))
    assert rows[:2] == [
        ["Line", "Field", "Value", "What is wrong"],
        ["2002", "Number", "", "is missing"],
    ]
    assert len(rows) == 301


def test_the_file_of_errors_shows_numbers_to_whom_may_see_them(root, client_with):
    upload(root, "UID\n04AA0001\n04AA0001\n")
    row = CardImport.objects.get()
    preview(root, row)
    for client, number in ((root, "04AA0001"), (client_with(*MAY), "••••0001")):
        found = b"".join(client.get(address("errors", row)).streaming_content).decode()
        assert f"3,Number,{number}," in found


def test_too_large_a_file_is_refused_with_the_size_that_is_taken(root, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_BYTES", 20 * 1024)
    said = text(upload(root, large()))
    assert re.search(r"The file has 1\d\d(\.\d)?\sKB; at most 20\.0\sKB are taken", said), said
    monkeypatch.setattr(sheets, "MOST_ROWS", 1)
    assert "The file has more than 1 rows." in text(upload(root))
    assert not CardImport.objects.exists()


@pytest.mark.parametrize("missing", MAY)
def test_one_needs_all_the_rights_an_import_uses(client_with, root, missing):
    upload(root)
    row = CardImport.objects.get()
    client = client_with(*(set(MAY) - {missing}))
    assert client.get(reverse(ADD)).status_code == 403 or missing == "rfid.view_cardimport"
    assert client.post(address("columns", row), {"column_0": "number"}).status_code == 403
    assert client.post(address("confirm", row), {}).status_code == 403
    row.refresh_from_db()
    assert row.state == "Uploaded"


def test_who_may_not_see_numbers_sees_none_in_the_preview(client_with):
    client = client_with(*MAY)
    upload(client)
    shown = preview(client, CardImport.objects.get()).content.decode()
    assert "Van 1" in shown
    assert "04AA0001" not in shown.replace("</i><i>", "")
    assert "04:AA" not in shown


def test_tables_to_begin_with_are_read_again(root):
    page = root.get(reverse(ADD)).content.decode()
    for kind in ("csv", "xlsx"):
        table = reverse(f"admin:rfid_cardimport_template_{kind}")
        assert table in page
        content = root.get(table).content
        file = SimpleUploadedFile(f"cards.{kind}", content)
        root.post(reverse(ADD), {"upload": file})
        row = CardImport.objects.latest("pk")
        assert all(row.columns), row.headings


def test_the_list_as_a_file_has_the_chosen_columns_and_no_formulas(session, root):
    cards.create(id_tag="=1+1", label="@SUM(A1)")
    chosen = ["number", "label", "sessions", "where"]
    found = export(root, format="csv", columns=chosen).decode("utf-8-sig")
    assert list(csv.reader(StringIO(found))) == [
        ["Number", "Label", "Sessions", "Last used at"],
        ["04AABBCC", "Van 7", "1", "CP-0001"],
        ["'=1+1", "'@SUM(A1)", "0", ""],
    ]
    sheet = load_workbook(BytesIO(export(root, format="xlsx", columns=chosen))).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[2][:2] == ["=1+1", "@SUM(A1)"]
    assert all(cell.data_type in "sn" for row in sheet.iter_rows() for cell in row)


def test_who_may_not_see_numbers_exports_their_ends(card, client_with):
    client = client_with("rfid.view_rfidcard")
    found = export(client, format="csv", columns=["number"]).decode()
    assert "••••BBCC" in found
    assert "04AA" not in found


def test_an_export_that_is_not_said_whole_is_asked_for(root):
    assert "Use counted from" in text(root.get(reverse(EXPORT)))
    wrong = {"format": "csv", "columns": "number", "since": "2026-02-01", "until": "2026-01-01"}
    assert "after the beginning" in text(root.get(reverse(EXPORT), wrong))
