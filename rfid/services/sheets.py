"""Tables as people send them: CSV in whatever code page and with whatever separator, or XLSX.

Read row by row. What would unpack to more than we hold is refused before it is unpacked.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook

from cms.shared.errors import DomainError, Text

MOST_BYTES = 8 * 2**20
MOST_ROWS = 50_000
MOST_COLUMNS = 50
_MOST_UNPACKED = 100 * 2**20
_LONGEST = 500  # of a cell; no field of ours takes more
_SEPARATORS = ";,\t|"
_BROKEN = (zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, OSError, EOFError)


class Row(NamedTuple):
    """A row with the number of the line, or row of the sheet, where it begins."""

    line: int
    cells: list[str]


def rows(content: bytes) -> Iterator[Row]:
    """The rows of a table that hold anything, its head first. Raises DomainError for no table."""
    if len(content) > MOST_BYTES:
        raise unreadable(Text("is larger than %(most)d MB", most=MOST_BYTES // 2**20))
    found = _xlsx(content) if is_workbook(content) else _csv(content)
    for number, row in enumerate(row for row in found if any(row.cells)):
        if number > MOST_ROWS:
            raise unreadable(Text("has more than %(most)d rows", most=MOST_ROWS))
        if len(row.cells) > MOST_COLUMNS:
            raise unreadable(Text("has more than %(most)d columns", most=MOST_COLUMNS))
        yield row


def is_workbook(content: bytes) -> bool:
    """Whether it is a workbook (XLSX), which has to be unpacked."""
    return content.startswith(b"PK")


def unreadable(why: Text) -> DomainError:
    """What is wrong with the file as a whole."""
    return DomainError("The file %(why)s.", fields={"file": [why]}, why=why)


def _csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise unreadable(Text("is no table: line %(line)d cannot be read", line=line)) from None
        yield Row(line, _trimmed(cells))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content:
        raise unreadable(Text("is neither CSV nor XLSX"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what Excel writes in Europe


def _xlsx(content: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _MOST_UNPACKED:
            raise unreadable(Text("unpacks to too much"))
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its size need not be so
        for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            yield Row(line, _trimmed([_text(cell) for cell in cells]))
    except (*_BROKEN, IndexError):
        raise unreadable(Text("is no workbook that can be read")) from None


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _trimmed(cells: list[str]) -> list[str]:
    kept = [cell.replace("\x00", "").strip()[:_LONGEST] for cell in cells]
    while kept and not kept[-1]:
        kept.pop()
    return kept
