"""The one pricing function: of the live cost, the bill, the preview and the report alike.

Exact fractions until each line is rounded once, half up, to the minor unit of the currency.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from billing.rating import timeline, wording
from billing.rating.bill import Bill, Charge, Reason, bill
from billing.rating.terms import (
    RESERVING,
    SECOND,
    SMALL_UNITS,
    Component,
    Kind,
    Per,
    StepRounding,
    Terms,
)
from billing.rating.timeline import Piece
from billing.rating.usage import Moment, Usage
from cms.shared import money

_ONE = Decimal(1)


@dataclass(eq=False)
class _Share:
    """What fell to one component: Wh, microseconds or times."""

    index: int
    component: Component
    exact: Fraction | int = 0
    why: list[Reason] = field(default_factory=list)


def price(usage: Usage, terms: Terms, until: datetime | None = None) -> Bill:
    """What ``usage`` costs by ``terms``, as far as it happened ``until`` then (default: its end).

    Raises ValueError for a running session without ``until``, for energy of which no moment is
    known, and for an unknown time zone.
    """
    session = timeline.of_session(usage, terms.components, until)
    reservation = timeline.of_reservation(usage, terms.components, until)
    shares = [*_reserved(usage, terms, reservation), *_used(usage, terms, session)]
    charges = [_charge(share, terms) for share in shares if share.exact > 0]
    return bill(_bounded(charges, terms, has_session=bool(session)), terms)


def _reserved(usage: Usage, terms: Terms, pieces: list[Piece]) -> list[_Share]:
    if not pieces or usage.reservation is None:
        return []
    expired = usage.reservation.expired
    fee = _Tally(terms, Kind.RESERVATION, usage.power_w, expired)
    fee.add(pieces[0], 1)
    duration = _Tally(terms, Kind.RESERVATION_TIME, usage.power_w, expired)
    for piece in pieces:
        duration.add(piece, piece.lasts)
    duration.step()
    return [*fee.shares(), *duration.shares()]


def _used(usage: Usage, terms: Terms, pieces: list[Piece]) -> list[_Share]:
    if not pieces:
        return []
    start, energy, charging = (
        _Tally(terms, kind, usage.power_w) for kind in (Kind.START, Kind.ENERGY, Kind.TIME)
    )
    start.add(pieces[0], 1)
    for piece in pieces:
        energy.add(piece, piece.wh)
        if not piece.idle:
            charging.add(piece, piece.lasts)
    energy.step()
    idle = _idled(usage, terms, pieces, paid=charging.step())
    return [share for tally in (start, energy, charging, idle) for share in tally.shares()]


def _idled(usage: Usage, terms: Terms, pieces: list[Piece], paid: Fraction | int) -> _Tally:
    """The idle time charged: what is left of it after the grace.

    OCPI 2.2.1 (mod_tariffs, example 1 of step_size): parking that ends within the minutes which
    rounding added to charging time, and which are ``paid`` for, costs nothing.
    """
    idle = _Tally(terms, Kind.IDLE, usage.power_w)
    so_far: Moment = 0
    if sum(piece.lasts for piece in pieces if piece.idle) <= paid:
        return idle
    for piece in pieces:
        found = idle.in_force(piece) if piece.idle else None
        if found and not found.component.pauses(piece.local):
            free = max(so_far, found.component.grace_seconds * SECOND)
            idle.note(found, max(0, so_far + piece.lasts - free))
        if piece.idle:
            so_far += piece.lasts
    idle.step()
    return idle


class _Tally:
    """Adds up what falls to the components of one kind; the first in force takes it."""

    def __init__(
        self, terms: Terms, kind: Kind, power_w: int | None, expired: bool | None = None
    ) -> None:
        self._shares = [
            _Share(index, component)
            for index, component in terms.of_kind.get(kind, ())
            if kind not in RESERVING or component.expired in (None, expired)
        ]
        self._power_w = power_w
        self._order: list[_Share] = []  # as they took something, the last one at the end

    def in_force(self, piece: Piece) -> _Share | None:
        """The component that counts in a piece."""
        for share in self._shares:
            when = share.component.when
            if when.hold(piece.local, piece.after, piece.before_wh, self._power_w):
                return share
        return None

    def add(self, piece: Piece, quantity: Fraction | int) -> None:
        """Give ``quantity`` to the component in force."""
        if self._shares and quantity and (share := self.in_force(piece)):
            self.note(share, quantity)

    def note(self, share: _Share, quantity: Fraction | int) -> None:
        """Give ``quantity`` to this component."""
        if quantity:
            share.exact += quantity
            if share in self._order:
                self._order.remove(share)
            self._order.append(share)

    def step(self) -> Fraction | int:
        """Round the sum to steps of the component last in force, and say how much that added.

        OCPI 2.2.1 (mod_tariffs, PriceComponent): the step counts once, for the last element. What
        full steps leave over is taken from the last components.
        """
        if not self._order or not (size := self._order[-1].component.small_step()):
            return 0
        last = self._order[-1]
        total = sum(share.exact for share in self._order)
        rest = total % size
        if not rest:
            return 0
        up = last.component.step_rounding is StepRounding.UP
        last.why.append(wording.stepped(last.component, total))
        if up:
            last.exact += size - rest
            return size - rest
        for share in reversed(self._order):
            taken = min(rest, share.exact)
            share.exact, rest = share.exact - taken, rest - taken
        return 0

    def shares(self) -> list[_Share]:
        """What each component got, in the order of the terms."""
        return self._shares


def _charge(share: _Share, terms: Terms) -> Charge:
    component = share.component
    quantity = Fraction(share.exact, SMALL_UNITS[component.per])
    full = money.rounded(quantity * Fraction(component.price), terms.currency)
    amount = full if component.cap is None else min(full, component.cap)
    why = [*wording.reasons(component), *share.why]
    if amount < full:
        why.append(wording.limited("cap", amount, full - amount))
    return Charge(
        kind=component.kind,
        component=share.index,
        quantity=_shown(quantity),
        unit=component.per,
        unit_price=component.price,
        amount=amount,
        reduction=full - amount,
        tax_rate=terms.rate(component),
        why=tuple(why),
    )


def _shown(quantity: Fraction) -> Decimal:
    """A quantity to six decimals, without zeros at the end."""
    whole, rest = divmod(round(quantity * 1_000_000), 1_000_000)
    return Decimal(f"{whole}.{rest:06}".rstrip("0").rstrip("."))


def _bounded(charges: list[Charge], terms: Terms, *, has_session: bool) -> list[Charge]:
    """The charges with the minimum reached by a line of its own, or cut where the maximum is."""
    total = sum((charge.amount for charge in charges), Decimal(0))
    if terms.maximum is not None and total > terms.maximum:
        return _cut(charges, total - terms.maximum, terms.maximum)
    if has_session and terms.minimum is not None and total < terms.minimum:
        return [*charges, _missing(terms.minimum - total, terms)]
    return charges


def _missing(amount: Decimal, terms: Terms) -> Charge:
    assert terms.minimum is not None
    return Charge(
        kind="minimum",
        component=None,
        quantity=_ONE,
        unit=Per.ONCE,
        unit_price=amount,
        amount=money.rounded(amount, terms.currency),
        reduction=money.in_minor_units(0, terms.currency),
        tax_rate=terms.tax_rate,
        why=(wording.minimum(terms.minimum),),
    )


def _cut(charges: list[Charge], excess: Decimal, maximum: Decimal) -> list[Charge]:
    """Take what is above the maximum off the last lines, idle time first; none falls below zero."""
    kept: list[Charge] = []
    for charge in reversed(charges):
        taken = min(excess, charge.amount)
        excess -= taken
        if taken:
            reason = wording.limited("maximum", maximum, taken)
            charge = replace(
                charge,
                amount=charge.amount - taken,
                reduction=charge.reduction + taken,
                why=(*charge.why, reason),
            )
        kept.append(charge)
    return kept[::-1]
