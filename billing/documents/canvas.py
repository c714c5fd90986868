"""The paper: A4 with a head and a foot on every page, and text that wraps into boxes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, WrapMode

from billing.documents.texts import BOLD, REGULAR, one_line, printable

MARGIN = 18.0  # millimetres, as all lengths here
INK, GREY, RULE = 20, 110, 200  # how dark: 0 is black
_FONT = "Document"
_TOP, _BOTTOM = 14.0, 22.0
_MOST_LINES = 40  # in one box: it has to fit on a page


class Frame(NamedTuple):
    """What stands around every page.

    ``issuer``: its name, then lines of its address, which only the first page has. ``foot`` stands
    below every page. ``made_at`` is all the document knows of time: the same content with the same
    moment is the same file, byte for byte.
    """

    title: str
    made_at: datetime
    issuer: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()
    landscape: bool = False


class Canvas(FPDF):
    """Pages with a frame. ``cursor`` is how far down the page the next thing stands."""

    def __init__(self, frame: Frame) -> None:
        super().__init__("landscape" if frame.landscape else "portrait", "mm", "A4")
        self._frame = frame
        self.set_creation_date(frame.made_at)
        self.set_producer("Voltdesk")
        self.set_title(one_line(frame.title))
        self.set_author(one_line(frame.issuer[0]) if frame.issuer else "")
        self.set_lang("en")
        self.set_margin(MARGIN)
        self.c_margin = 0  # what is measured is what is written
        self.set_auto_page_break(False)  # a box never breaks: who draws asks for room before
        self.add_font(_FONT, "", REGULAR)
        self.add_font(_FONT, "B", BOLD)
        self.cursor = 0.0
        self.add_page()

    @property
    def inner_width(self) -> float:
        """Between the margins."""
        return self.w - 2 * MARGIN

    @property
    def room(self) -> float:
        """What is left of this page."""
        return self.h - _BOTTOM - len(self._frame.foot) * 3.6 - self.cursor

    def ink(self, size: float, *, bold: bool = False, grey: int = INK) -> None:
        """Write in this size (points) from here on."""
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(grey)

    def wrapped(self, text: str, width: float) -> list[str]:
        """``text`` in lines of ``width`` at most; words that are longer are cut."""
        lines: list[str] = []
        for part in printable(text).split("\n"):
            lines += self._wrapped_line(part, width)
        return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "…"]

    def box(self, lines: list[str], *, x: float, y: float, width: float, right: bool) -> None:
        """Lines one below the other from ``y`` on, in the font that is set."""
        height = self.line_height()
        for number, line in enumerate(lines):
            self.set_xy(x, y + number * height)
            self.cell(width, height, line, align="R" if right else "L")

    def line_height(self) -> float:
        """Of the font that is set."""
        return self.font_size * 1.35

    def rule(self, y: float, *, grey: int = RULE, thick: float = 0.2) -> None:
        """A line from margin to margin."""
        self.set_draw_color(grey)
        self.set_line_width(thick)
        self.line(MARGIN, y, self.w - MARGIN, y)

    def header(self) -> None:
        """Who it comes from and what it is; the address only once."""
        name, *address = self._frame.issuer or ("",)
        half = self.inner_width / 2 - 2
        self.cursor = _TOP
        left = self._head(name, x=MARGIN, width=half, right=False, bold=True)
        right = self._head(self._frame.title, x=MARGIN + half + 4, width=half, right=True)
        self.cursor += max(left, right)
        if self.page_no() == 1:
            self._address(address)
        self.rule(self.cursor + 1.5)
        self.cursor += 7

    def footer(self) -> None:
        """The lines below every page, and which one it is."""
        y = self.h - _BOTTOM + 8 - len(self._frame.foot) * 3.6
        self.rule(y - 1.5)
        self.ink(7.5, grey=GREY)
        width = self.inner_width - 30
        for number, line in enumerate(self._frame.foot):
            self.box(
                [self._cut(line, width)], x=MARGIN, y=y + number * 3.6, width=width, right=False
            )
        self.set_xy(self.w - MARGIN - 30, y)
        self.cell(30, self.line_height(), f"Page {self.page_no()} of {{nb}}", align="R")

    def _head(self, text: str, *, x: float, width: float, right: bool, bold: bool = False) -> float:
        self.ink(11 if bold else 9, bold=bold, grey=INK if bold else GREY)
        lines = self.wrapped(text, width)[:3]
        self.box(lines, x=x, y=self.cursor, width=width, right=right)
        return len(lines) * self.line_height()

    def _address(self, lines: list[str]) -> None:
        self.ink(8, grey=GREY)
        wrapped = [part for line in lines for part in self.wrapped(line, self.inner_width)][:12]
        self.box(wrapped, x=MARGIN, y=self.cursor, width=self.inner_width, right=False)
        self.cursor += len(wrapped) * self.line_height()

    def _wrapped_line(self, text: str, width: float) -> list[str]:
        text = " ".join(text.split())
        if self.get_string_width(text) <= width:  # nearly always; wrapping costs ten times as much
            return [text]
        found = self.multi_cell(
            width,
            text=text,
            wrapmode=WrapMode.WORD,
            align="L",
            dry_run=True,
            output=MethodReturnValue.LINES,
        )
        assert isinstance(found, list)  # for LINES alone
        return found

    def _cut(self, text: str, width: float) -> str:
        return self.wrapped(one_line(text), width)[0]
