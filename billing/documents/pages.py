"""A document as it is written from top to bottom: headings, facts, paragraphs, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from billing.documents.canvas import GREY, MARGIN, Canvas, Frame

_PADDING = 1.2
_GAP = 5.0
_GUTTER = 2.5  # between columns
Texts = Sequence[str]


class Column(NamedTuple):
    """A column of a table; ``share`` of the width, compared with those of the others."""

    head: str
    share: float = 1
    right: bool = False


class _Cell(NamedTuple):
    lines: list[str]
    x: float
    width: float
    right: bool


class Pages:
    """A document in the making. Whatever does not fit on a page goes on on the next one."""

    def __init__(self, frame: Frame) -> None:
        self._canvas = Canvas(frame)

    def heading(self, text: str, *, size: float = 13) -> None:
        """A line in bold, with what follows it on the same page."""
        canvas = self._canvas
        canvas.ink(size, bold=True)
        lines = canvas.wrapped(text, canvas.inner_width)
        self._need(len(lines) * canvas.line_height() + 20)
        canvas.ink(size, bold=True)
        self._write(lines)
        canvas.cursor += 2

    def paragraph(self, text: str, *, size: float = 9) -> None:
        """Text over the whole width; line by line over the pages."""
        canvas = self._canvas
        canvas.ink(size)
        for line in canvas.wrapped(text, canvas.inner_width):
            self._need(canvas.line_height())
            canvas.ink(size)
            self._write([line])
        canvas.cursor += 2

    def beside(self, left: Texts, facts: Iterable[tuple[str, str]]) -> None:
        """Lines to the left (an address), and names with values to the right of them."""
        canvas = self._canvas
        top, half = canvas.cursor, canvas.inner_width / 2 - 4
        canvas.ink(10)
        lines = [part for line in left for part in canvas.wrapped(line, half)]
        canvas.box(lines, x=MARGIN, y=top, width=half, right=False)
        below = top + len(lines) * canvas.line_height()
        self._facts(facts, x=MARGIN + half + 8, width=half)
        canvas.cursor = max(below, canvas.cursor) + _GAP

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Names with values, one below the other."""
        self._facts(facts, x=MARGIN, width=self._canvas.inner_width)
        self._canvas.cursor += _GAP

    def table(
        self, columns: Sequence[Column], rows: Iterable[Texts], *, totals: Sequence[Texts] = ()
    ) -> None:
        """Rows under heads that every page repeats; ``totals`` in bold below them.

        All rows have a text for each column; the totals stand on the page of the last row.
        """
        edges = self._edges(columns)
        sums = [self._measured(edges, row, bold=True) for row in totals]
        below = sum(self._height(cells) for cells in sums)
        self._head(edges, columns, extra=8)
        waiting: list[_Cell] | None = None
        for row in rows:
            if waiting is not None:
                self._row(waiting, edges, columns)
            waiting = self._measured(edges, row)
        if waiting is not None:
            self._row(waiting, edges, columns, below=below)
        self._canvas.rule(self._canvas.cursor, grey=GREY, thick=0.3)
        for cells in sums:
            self._row(cells, edges, columns, bold=True)
        self._canvas.cursor += _GAP

    def finished(self) -> bytes:
        """The file."""
        return bytes(self._canvas.output())

    def _need(self, height: float) -> bool:
        """A new page where so much does not fit on this one; whether it is one."""
        if self._canvas.room >= height:
            return False
        self._canvas.add_page()
        return True

    def _write(self, lines: list[str]) -> None:
        canvas = self._canvas
        canvas.box(lines, x=MARGIN, y=canvas.cursor, width=canvas.inner_width, right=False)
        canvas.cursor += len(lines) * canvas.line_height()

    def _facts(self, facts: Iterable[tuple[str, str]], *, x: float, width: float) -> None:
        canvas, label = self._canvas, min(width * 0.42, 45)
        for name, value in facts:
            canvas.ink(9, grey=GREY)
            names = canvas.wrapped(name, label - 3)
            canvas.ink(9)
            values = canvas.wrapped(value, width - label)
            self._need(max(len(names), len(values)) * canvas.line_height())
            canvas.ink(9, grey=GREY)
            canvas.box(names, x=x, y=canvas.cursor, width=label, right=False)
            canvas.ink(9)
            canvas.box(values, x=x + label, y=canvas.cursor, width=width - label, right=False)
            canvas.cursor += max(len(names), len(values)) * canvas.line_height() + 0.4

    def _edges(self, columns: Sequence[Column]) -> list[tuple[float, float, bool]]:
        """Where each column begins, how wide it is, and whether its texts stand to the right."""
        gutters = _GUTTER * (len(columns) - 1)
        share = (self._canvas.inner_width - gutters) / sum(column.share for column in columns)
        edges, x = [], MARGIN
        for column in columns:
            edges.append((x, column.share * share, column.right))
            x += column.share * share + _GUTTER
        return edges

    def _measured(
        self, edges: list[tuple[float, float, bool]], row: Texts, *, bold: bool = False
    ) -> list[_Cell]:
        canvas = self._canvas
        canvas.ink(8, bold=bold)
        return [
            _Cell(canvas.wrapped(text, width), x, width, right)
            for text, (x, width, right) in zip(row, edges, strict=True)
        ]

    def _height(self, cells: list[_Cell]) -> float:
        self._canvas.ink(8)
        most = max(len(cell.lines) for cell in cells)
        return most * self._canvas.line_height() + 2 * _PADDING

    def _head(
        self, edges: list[tuple[float, float, bool]], columns: Sequence[Column], *, extra: float
    ) -> None:
        cells = self._measured(edges, [column.head for column in columns], bold=True)
        self._need(self._height(cells) + extra)
        self._cells(cells, bold=True)
        self._canvas.rule(self._canvas.cursor, grey=GREY, thick=0.3)

    def _row(
        self,
        cells: list[_Cell],
        edges: list[tuple[float, float, bool]],
        columns: Sequence[Column],
        *,
        below: float = 0,
        bold: bool = False,
    ) -> None:
        if self._need(self._height(cells) + below):
            self._head(edges, columns, extra=0)
        self._cells(cells, bold=bold)
        self._canvas.rule(self._canvas.cursor)

    def _cells(self, cells: list[_Cell], *, bold: bool) -> None:
        canvas, height = self._canvas, self._height(cells)
        canvas.ink(8, bold=bold)
        for cell in cells:
            canvas.box(
                cell.lines,
                x=cell.x,
                y=canvas.cursor + _PADDING,
                width=cell.width,
                right=cell.right,
            )
        canvas.cursor += height
