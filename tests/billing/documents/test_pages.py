"""Documents: what was written can be read, on as many pages as it takes, whatever the texts."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from billing.documents.canvas import MARGIN, Frame
from billing.documents.pages import Column, Pages
from billing.documents.texts import BOLD, REGULAR, one_line, printable

pytestmark = pytest.mark.once
FRAME = Frame(
    "Report", datetime(2025, 3, 1, tzinfo=UTC), ("Voltwerk GmbH", "Kai 1, Hamburg"), ("IBAN DE1",)
)
COLUMNS = (Column("Where", 3), Column("Gross", right=True))


def a_table(rows: Any, *totals: tuple[str, str]) -> bytes:
    """A document that is one table."""
    pages = Pages(FRAME)
    pages.table(COLUMNS, rows, totals=totals)
    return pages.finished()


def pages_of(document: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(document)).pages]


def places_of(document: bytes) -> list[tuple[str, float]]:
    """The pieces of text of the first page, and how far right each one begins (mm)."""
    found: list[tuple[str, float]] = []
    PdfReader(BytesIO(document)).pages[0].extract_text(
        visitor_text=lambda text, cm, tm, *_: found.append((text.strip(), tm[4] / 72 * 25.4))
    )
    return [piece for piece in found if piece[0]]


def test_what_is_written_is_read_again():
    document = Pages(FRAME)
    document.heading("Invoice 7")
    document.beside(["Łódź Ladestrom", "Ελλάδα"], [("Number", "R-7"), ("Issued", "2025-03-01")])
    document.paragraph("Vielen Dank für Ihren Auftrag: 12,50 €")
    document.facts([("Период", "март")])
    [text] = pages_of(document.finished())
    for written in ("Invoice 7", "Łódź Ladestrom", "Ελλάδα", "R-7", "12,50 €", "Период"):
        assert written in text


def test_the_same_content_with_the_same_moment_is_the_same_file():
    rows = [("Harbour", "1.00")] * 3
    assert a_table(rows) == a_table(rows)


def test_every_page_has_the_issuer_the_foot_the_heads_and_its_number():
    pages = pages_of(a_table([("Harbour", "1.00")] * 100, ("Total", "100.00")))
    assert len(pages) == 3
    for number, text in enumerate(pages, 1):
        for repeated in ("Voltwerk GmbH", "Report", "IBAN DE1", "Where", f"Page {number} of 3"):
            assert repeated in text


def test_the_address_of_the_issuer_stands_on_the_first_page_alone():
    first, *others = pages_of(a_table([("Harbour", "1.00")] * 100))
    assert "Kai 1, Hamburg" in first
    assert not any("Kai 1, Hamburg" in text for text in others)


def test_no_row_is_lost_where_pages_break():
    rows = [(f"row-{number}.", "1.00") for number in range(500)]
    text = "\n".join(pages_of(a_table(rows)))
    assert all(name in text for name, _ in rows)


@pytest.mark.parametrize("count", range(30, 50))
def test_totals_stand_on_the_page_of_the_last_row(count):
    rows = [(f"row-{number}.", "1.00") for number in range(count)]
    last = pages_of(a_table(rows, ("Total", "9.00"), ("Tax", "1.00")))[-1]
    assert f"row-{count - 1}." in last
    assert "Total" in last
    assert "Tax" in last


def test_a_name_of_any_length_stays_in_its_column():
    document = a_table([("W" * 500, "1.00"), ("many words " * 60, "2.00")])
    places = places_of(document)
    amounts = [x for text, x in places if text in ("1.00", "2.00")]
    names = [text for text, x in places if x == pytest.approx(MARGIN, abs=0.1)]
    assert len(amounts) == 2
    assert sum(text.count("W") for text in names) == 501  # one of them in Where


def test_a_text_longer_than_a_page_ends_with_dots_in_a_table():
    text = "".join(pages_of(a_table([("word " * 5000, "1.00")])))
    assert "…" in text


def test_a_paragraph_longer_than_a_page_goes_on():
    document = Pages(FRAME)
    document.paragraph("word\n" * 30 + "end")
    document.paragraph("x " * 2000)
    assert "end" in "".join(pages_of(document.finished()))


def test_characters_the_fonts_lack_are_squares():
    assert printable("日本 שלום") == "□□ □□□□"
    assert printable("a😀b") == "a□b"


def test_marks_joiners_and_directions_without_a_glyph_are_left_out():
    assert printable("e\u0301 \u202eabc\u200b") == "é abc"


def test_control_characters_are_spaces():
    assert one_line("a\x00b\tc\nd") == "a b c d"


def test_every_european_letter_and_currency_has_a_glyph():
    letters = "ÄÖÜäöüßÅÆØåæøČĎĚŇŘŠŤŮŽąćęłńóśźżőűğışİțșþðŵŷĦħĊċġŒœ¿¡«»„“”‚‘’–—ΆλφάЖщъЇєґЂћ€£¥₴₺₽₹"
    assert printable(letters) == letters


def test_the_fonts_are_small_and_come_with_their_licence():
    assert REGULAR.stat().st_size + BOLD.stat().st_size < 400 * 1024
    assert "Bitstream Vera" in REGULAR.with_name("LICENSE.txt").read_text()
