"""Papers of a wallet: where its invoices are listed, and its statements as PDF."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing import selectors
from billing.admin.wallet_dialogs import is_wallet
from billing.models import Account
from billing.reports import statements
from billing.services import invoices
from cms.shared import clock, display, texts
from cms.shared.downloads import document
from cms.shared.errors import DomainError

_MONTHS = 4  # that are one press away


def statement(request: HttpRequest, account: Account) -> HttpResponse:
    """A wallet's statement of ``?month=2026-01`` as PDF; else of the month under way."""
    if not request.user.has_perm("billing.view_posting"):
        raise PermissionDenied
    if not is_wallet(account):
        raise Http404
    zone = selectors.zone()
    named = request.GET.get("month") or _months(1, zone)[0]
    try:
        since, until = invoices.month_named(named, zone)
        found = statements.statement(account, since=since, until=until)
        content = statements.pdf(found, zone=zone, at=clock.now())
    except DomainError as error:
        messages.error(request, texts.localised(error.message))
        return HttpResponseRedirect(display.page(account))
    return document(content, f"statement-{account.pk}-{named}.pdf")


def invoices_of(account: Account) -> SafeString:
    """Where the invoices of a wallet are listed."""
    address = reverse("admin:billing_invoice_changelist")
    link = '<a class="vd-link" href="{}?wallet__id__exact={}">{}</a>'
    return format_html(link, address, account.pk, _("Invoices and credit notes"))


def statements_of(account: Account) -> SafeString:
    """The last months of a wallet, as PDF."""
    address = reverse("admin:billing_account_statement", args=[account.pk])
    link = '<a class="vd-link" href="{}?month={}" target="_blank" rel="noopener">{}</a>'
    months = _months(_MONTHS, selectors.zone())
    return format_html_join(" · ", link, ((address, month, month) for month in months))


def _months(count: int, zone: str) -> list[str]:
    """The month under way and those before it, such as 2026-01."""
    day, found = clock.now().astimezone(ZoneInfo(zone)).replace(day=15), []
    for _month in range(count):
        found.append(f"{day:%Y-%m}")
        day = (day - timedelta(days=30)).replace(day=15)
    return found
