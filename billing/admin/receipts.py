"""Receipts: what a session costs or cost, line by line; on the bill's page and on the session's."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin.correcting import waiting
from billing.models import AccountKind, BillLine, EntryKind, Posting, SessionBill, SessionTariff
from billing.models.bills import BillingState, BillKind
from billing.rating import bill as rated
from billing.rating import wording
from billing.services import holds, payers, pricing
from billing.services.pricing import Priced, Unpriced
from cms.shared import clock, display, money
from stations.admin import panels
from stations.models import ChargingSession

URL = "billing_sessionbill_of_session"
_REFUNDS = 50
_LEVELS = {
    "connector": lazy("assigned to the connector"),
    "station": lazy("assigned to the station"),
    "site": lazy("assigned to the site"),
    "card_group": lazy("assigned to the card's group"),
    "user": lazy("assigned to the driver"),
    "everywhere": lazy("the default"),
}


class Standing(NamedTuple):
    """How far a session is on its way to a bill, and what happens next."""

    word: str
    tone: str
    notice: str = ""


def amount(value: Decimal, currency: str) -> str:
    """``11.90 EUR``."""
    return f"{money.rounded(value, currency):f} {currency}"


def of_bill(bill: SessionBill) -> dict[str, Any]:
    """A stored bill as the table of lines shows it."""
    return table(bill, bill.lines.order_by("number"))


@panels.on_session
def panel(request: HttpRequest, session: ChargingSession) -> SafeString:
    """What ``session`` costs, who pays and why, or what keeps it from being billed."""
    if not request.user.has_perm("billing.view_sessionbill"):
        return SafeString("")
    row = pricing.rows_with_sessions().filter(session=session.pk).first()
    bills = list(
        SessionBill.objects.filter(session=session.pk)
        .select_related("version__tariff", "wallet", "entry", "by", "reversed_by")
        .select_related("invoice_line__invoice")
        .order_by("-revision")
    )
    standing = next((bill for bill in bills if _stands(bill)), None)
    shown = _billed(standing) if standing else _not_billed(row)
    return render_to_string(
        "admin/billing/session_receipt.html",
        {
            "session": session,
            "facts": _facts(row, standing),
            "history": [*map(_booked, bills), *_given_back(session)],
            "renew_url": reverse(f"admin:{URL}", args=[session.pk]) if _may_change(row) else "",
            "corrections": _corrections(request, standing),
            "waiting": waiting(request, session=session.pk),
            **shown,
        },
    )


def _corrections(request: HttpRequest, bill: SessionBill | None) -> list[tuple[str, str]]:
    """The dialogs that correct ``bill``, each with its address, for those who may."""
    if bill is None:
        return []
    found = []
    if bill.entry_id and bill.wallet_id and request.user.has_perm("billing.refund_wallet"):
        address = reverse("admin:billing_journalentry_refund", args=[bill.entry_id])
        found.append((_("Credit…"), address))
    if request.user.has_perm("billing.reprice_sessionbill"):
        found.append((_("Re-price…"), reverse("admin:billing_sessionbill_reprice", args=[bill.pk])))
    return found


def _stands(bill: SessionBill) -> bool:
    return bill.kind == BillKind.BILL and not hasattr(bill, "reversed_by")


def _may_change(row: SessionTariff | None) -> bool:
    return row is not None and row.state == BillingState.DUE


def _billed(bill: SessionBill) -> dict[str, Any]:
    return {"standing": Standing(_("Billed"), "green"), "receipt": of_bill(bill)}


def _not_billed(row: SessionTariff | None) -> dict[str, Any]:
    """The price so far where there is one, and why it is no bill yet."""
    if row is None:
        why = _(
            "No tariff counted when it began, so it costs nothing. One that is assigned now"
            " counts for sessions that begin from now on."
        )
        return {"standing": Standing(_("No tariff"), "grey", why)}
    if row.state == BillingState.NOTHING or not row.session.billable:
        why = _("It was discarded, or its energy is counted in another session.")
        return {"standing": Standing(_("Not to be billed"), "grey", why)}
    [found] = pricing.of_rows([row], at=clock.now())
    if isinstance(found, Unpriced):
        return {"standing": _failed(row, found.error)}
    return {"standing": _standing(row, found), "receipt": table(found.bill, found.bill.lines)}


def _failed(row: SessionTariff, error: str) -> Standing:
    why = _(
        "It has no price: %(error)s. Settle what is wrong with the session; every run tries again."
    ) % {"error": error}
    if row.tried_at:
        tried = _("Tried last %(when)s.") % {"when": display.exact(row.tried_at)}
        why = f"{why} {tried}"
    return Standing(_("Failed"), "red", why)


def _standing(row: SessionTariff, found: Priced) -> Standing:
    session = row.session
    if session.needs_review:
        why = _(
            "It waits for review: nothing is billed before that is settled."
            " This is what it would come to."
        )
        return Standing(_("Under review"), "amber", why)
    if session.is_open:
        return Standing(
            _("So far"), "blue", _("It goes on: this is what it would cost if it ended now.")
        )
    if not found.is_over and found.usage.ended_at != session.stopped_at:
        why = _(
            "Charging ended, but the vehicle is parked there. It is billed once the connector is"
            " free, after a day at the latest."
        )
        return Standing(_("Parked"), "blue", why)
    if not found.is_over:
        why = _(
            "It ended a moment ago: late readings may come still. It is billed in a minute or two."
        )
        return Standing(_("Ended"), "blue", why)
    if row.error:
        return _failed(row, row.error)
    return Standing(
        _("Due"), "blue", _("It ended, and the next run bills it: there is one every half minute.")
    )


def _facts(row: SessionTariff | None, bill: SessionBill | None) -> list[tuple[str, Any]]:
    """By which terms, who pays, and where it is booked."""
    facts: list[tuple[str, Any]] = []
    if row is not None:
        version = bill.version if bill else row.version
        text = display.link(version.tariff, version)
        level = (
            _LEVELS[row.level] if version == row.version else _("chosen when it was priced anew")
        )
        facts.append((_("Tariff"), format_html("{} <small>{}</small>", text, level)))
        facts.append((_("Paid by"), _payer(bill, row)))
    if bill is not None:
        facts.append((_("Bill"), display.link(bill, f"#{bill.pk}")))
        facts.append((_("Booked as"), display.link(bill.entry)))
        line = getattr(bill, "invoice_line", None)
        facts.append((_("Invoice"), display.link(line.invoice) if line else _("not yet")))
    return facts


def _payer(bill: SessionBill | None, row: SessionTariff) -> Any:
    if bill is not None and bill.wallet is not None:
        return display.link(bill.wallet)
    payer = None if bill else payers.payer_of(row.session)
    return display.link(payer) if payer else _("nobody: the card belongs to nobody known here")


def _booked(bill: SessionBill) -> dict[str, Any]:
    kind = display.pill(bill.get_kind_display(), "green" if _stands(bill) else "grey")
    return {
        "what": format_html("{} {}", kind, display.link(bill, f"#{bill.pk}")),
        "amount": amount(bill.gross, bill.currency),
        "when": display.when(bill.billed_at),
        "by": bill.by or _("the system"),
        "why": bill.reason,
    }


def _given_back(session: ChargingSession) -> Iterable[dict[str, Any]]:
    """Refunds and credit notes for it, as the customer's wallet saw them."""
    rows = Posting.objects.filter(
        entry__reference=holds.reference(session.pk),
        entry__kind__in=[EntryKind.REFUND, EntryKind.CREDIT_NOTE],
        account__kind=AccountKind.WALLET,
    ).select_related("entry__booked_by", "account")
    for row in rows.order_by("-pk")[:_REFUNDS]:
        kind = display.pill(row.entry.get_kind_display(), "amber")
        yield {
            "what": format_html("{} {}", kind, display.link(row.entry, f"#{row.entry_id}")),
            "amount": amount(-row.amount, row.account.currency),
            "when": display.when(row.booked_at),
            "by": row.entry.booked_by or _("the system"),
            "why": row.entry.reason,
        }


def table(bill: SessionBill | rated.Bill, lines: Iterable[BillLine | rated.Line]) -> dict[str, Any]:
    """A bill, stored or only worked out, as the table of lines shows it."""
    return {
        "lines": [_line(line, bill.currency) for line in lines],
        "net": amount(bill.net, bill.currency),
        "tax": amount(bill.tax, bill.currency),
        "gross": amount(bill.gross, bill.currency),
        "tax_included": bill.tax_included,
    }


def _line(line: BillLine | rated.Line, currency: str) -> dict[str, str]:
    return {
        "what": wording.english(rated.Reason(code, values) for code, values in line.why),
        "quantity": f"{line.quantity.normalize():f} {line.unit}",
        "price": _price(line.unit_price, currency),
        "net": amount(line.net, currency),
        "rate": f"{line.tax_rate.normalize():f} %",
        "tax": amount(line.tax, currency),
        "gross": amount(line.gross, currency),
    }


def _price(price: Decimal, currency: str) -> str:
    """``0.30``: as amounts of its currency are written, longer where it is finer than they are."""
    in_full = money.rounded(price, currency)
    return f"{in_full if in_full == price else price.normalize():f}"
