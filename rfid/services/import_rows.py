"""The rows of an imported table as what they would do: a new card, a change, nothing, an error.

Read and compared a batch at a time: three or four queries for a thousand rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from rfid.models import CardGroup, CardImport, CardStatus, RfidCard
from rfid.services import columns, history, tags
from rfid.services.sheets import Row

NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"
KINDS: Final = (NEW, CHANGED, SAME, WRONG)
BATCH = 1000


@dataclass(slots=True)
class Line:
    """A row of the table: the id tag, what it says of the card, and what is wrong with it."""

    line: int
    tag: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    card: RfidCard | None = None  # that exists
    what: str = NEW
    changes: dict[str, Any] = field(default_factory=dict)

    def wrong(self, name: str, value: str, message: str) -> None:
        """Leave the row out, and say why."""
        self.what = WRONG
        self.problems.append({"line": self.line, "field": name, "value": value, "message": message})

    def example(self) -> dict[str, Any]:
        """What would come of it, as it is shown."""
        label = self.values.get("label") or (self.card.label if self.card else "")
        return {
            "line": self.line,
            "number": self.tag,
            "label": label,
            "what": self.what,
            "changes": self.changes,
        }


def batches(of: CardImport, rows: Iterable[Row], *, behind: int = 0) -> Iterator[list[Line]]:
    """The rows of the table as they are written, in their order, those after the first ``behind``.

    No query: what they would do is said by ``compare``.
    """
    known: dict[str, int] = {}  # which line has an id tag: the first one counts
    left = islice(rows, 1, None)
    for row in islice(left, behind):
        _read(of, row, known)
    while batch := list(islice(left, BATCH)):
        yield [_read(of, row, known) for row in batch]


def compare(of: CardImport, read: Sequence[Line]) -> None:
    """Say of each of ``read`` what it would do to the cards as they are now."""
    _find_drivers(read)
    _find_groups(read, _groups() if "group" in of.columns else {})
    _compare(of, read)


def _read(of: CardImport, row: Row, known: dict[str, int]) -> Line:
    line = Line(row.line)
    for name, heading, cell in zip(of.columns, of.headings, row.cells, strict=False):
        if name and name != "number" and cell:
            try:
                line.values.update(_value(name, heading, cell))
            except ValueError as error:
                line.wrong(name, cell, str(error))
    at = of.columns.index("number")
    number = row.cells[at] if at < len(row.cells) else ""
    try:
        line.tag = tags.normalised(number, reverse=of.reverse)
    except ValueError as error:
        line.wrong("number", number, str(error))
        return line
    first = known.setdefault(line.tag.upper(), line.line)
    if first != line.line:
        line.wrong("number", number, _("stands in line %(line)d already") % {"line": first})
    return line


def _value(name: str, heading: str, cell: str) -> dict[str, Any]:
    if name == "status":
        return {"status": columns.status(cell, heading)}
    if name in ("valid_from", "valid_until"):
        return {name: columns.moment(cell, is_end=name == "valid_until")}
    if len(cell) > columns.LONGEST.get(name, len(cell)):
        raise ValueError(_("is longer than %(most)d characters") % {"most": columns.LONGEST[name]})
    return {"status_reason" if name == "reason" else name: cell}


def _find_drivers(read: Sequence[Line]) -> None:
    """Users by their names or e-mail addresses, all of a batch in one query."""
    named = [line for line in read if "driver" in line.values]
    if not named:
        return
    words = {line.values["driver"] for line in named} | {
        line.values["driver"].lower() for line in named
    }
    people = get_user_model().objects.filter(Q(username__in=words) | Q(email__in=words))
    by_word: dict[str, Any] = {}
    for user in people:
        by_word.setdefault(user.email.lower(), user)
    by_word |= {user.get_username().lower(): user for user in people}
    for line in named:
        word = line.values.pop("driver")
        line.values["user"] = by_word.get(word.lower())
        if line.values["user"] is None:
            line.wrong("driver", word, _("is no user name or e-mail address of anybody here"))


def _find_groups(read: Sequence[Line], groups: dict[str, CardGroup]) -> None:
    for line in read:
        word = line.values.get("group")
        if word is not None:
            line.values["group"] = groups.get(word.upper())
            if line.values["group"] is None:
                line.wrong("group", word, _("is no group of cards: add it first"))


def _groups() -> dict[str, CardGroup]:
    rows = list(CardGroup.objects.all())
    return {row.parent_id_tag.upper(): row for row in rows} | {r.name.upper(): r for r in rows}


def _compare(of: CardImport, read: Sequence[Line]) -> None:
    """Which cards exist, and what would change of them."""
    wanted = [line.tag.upper() for line in read if line.what != WRONG]
    rows = RfidCard.objects.alias(folded=Upper("id_tag")).filter(folded__in=wanted)
    cards = {card.id_tag.upper(): card for card in rows.select_related("group", "user")}
    for line in read:
        if line.what == WRONG:
            continue
        line.card = cards.get(line.tag.upper())
        _settle(line)
        if line.what == WRONG or line.card is None:
            continue
        line.changes = history.changes(line.card, line.values) if of.update else {}
        line.what = CHANGED if line.changes else SAME


def _settle(line: Line) -> None:
    """What follows of what is said, beside what is known."""
    values, card = line.values, line.card
    status = values.get("status") or (card.status if card else CardStatus.ACTIVE)
    if "status" in values and status == CardStatus.ACTIVE:
        values["status_reason"] = ""
    elif "status_reason" in values and status == CardStatus.ACTIVE:
        del values["status_reason"]  # of what it was blocked for once
    begins = values.get("valid_from") or (card and card.valid_from)
    ends = values.get("valid_until") or (card and card.valid_until)
    if begins and ends and ends <= begins:
        line.wrong("valid_until", ends.isoformat(), _("should be after the beginning"))
