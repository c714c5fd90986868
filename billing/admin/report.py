"""The billing report as a page: filters in its address, tables, a chart, what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView

from billing.admin import report_form
from billing.models import SessionBill
from billing.reports import asked, tables, unfinished, words
from billing.reports.asked import Asked
from billing.reports.report import Report, Statement, report
from billing.reports.tables import Row, Sums
from billing.services import report_exports, report_files
from cms.shared import clock, display, money, texts
from cms.shared.admin import AdminPage
from cms.shared.errors import DomainError

PERMISSION = "billing.view_report"
NAME = "billing_report"
_BILLS = 20
# What one looks at next within a group.
_NEXT = {
    "site": "station",
    "owner": "driver",
    "station": "driver",
    "driver": "station",
    "cardGroup": "driver",
    "tariff": "site",
}
_COLUMNS = (
    ("sessions", lazy("Sessions")),
    ("energy", "kWh"),
    ("net", lazy("Net")),
    ("tax", lazy("VAT")),
    ("gross", lazy("Gross")),
)


def urls(model_admin: Any) -> list[Any]:
    """Where the report stands, below the pages of ``model_admin``."""
    view = model_admin.admin_site.admin_view(ReportPage.as_view(model_admin=model_admin))
    return [path("report/", view, name=NAME)]


class ReportPage(AdminPage, TemplateView):
    """The report that the address asks for."""

    title = lazy("Billing report")
    permission_required = PERMISSION
    template_name = "admin/billing/report.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What was found; or what is wrong with the filters, beside them."""
        said, at = report_form.cleaned(self.request.GET), clock.now()
        try:
            wanted, wrong = report_form.asked_by(self.request, at), dict[str, list[str]]()
        except DomainError as error:
            wanted, wrong = None, texts.of_fields(error.fields)
        shown = {
            "filters": report_form.filters(said, wanted, wrong, self.request.user),
            "wrong": wrong,
        }
        if wanted is not None:
            shown |= _shown(report(wanted, at=at), said, self.request)
        context: dict[str, Any] = super().get_context_data(**kwargs, **shown)
        return context

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file of what the address asks for, and go where it is made."""
        at = clock.now()
        try:
            export = report_exports.request(
                wanted=report_form.asked_by(request, at),
                kind=request.POST.get("format", ""),
                asker=request.user,
                at=at,
            )
        except DomainError as error:
            messages.error(request, texts.localised(error.message))
            return HttpResponseRedirect(request.get_full_path())
        return HttpResponseRedirect(display.page(export))


def address(said: Mapping[str, str], **changes: Any) -> str:
    """The page with these filters, and some of them changed; None takes one away."""
    query = {name: value for name, value in {**said, **changes}.items() if value not in ("", None)}
    return f"{reverse(f'admin:{NAME}')}?{urlencode(query)}"


def _shown(found: Report, said: dict[str, str], request: HttpRequest) -> dict[str, Any]:
    days = tables.by_day(found.asked.scope)
    return {
        "about": words.days(found.asked),
        "zone": found.asked.scope.zone,
        "made": words.made(found),
        "chips": list(_chips(found.asked, said)),
        "group": words.group(found.asked),
        "statements": [_statement(each, found.asked, said, days) for each in found.statements],
        "closed": words.closed(found),
        "is_over": _is_closed(found),
        "closed_url": display.page(found.closed[-1]) if found.closed else "",
        "close_url": _close(request, found),
        "misfits": found.misfits,
        "misfits_url": f"{reverse('admin:billing_sessionbill_changelist')}?fits=no",
        "missing": list(words.unfinished(found.unfinished)),
        "waiting": _waiting(found) if found.unfinished else [],
        "links": _links(request, found),
        "bills": _bills(found.asked) if found.asked.chosen else None,
        "files": list(_files(found.asked, said)),
        "exports_url": reverse("admin:billing_reportexport_changelist"),
        "all_groups": address(said, limit=asked.MOST),
    }


def _files(wanted: Asked, said: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Where each kind of file is; nowhere, where it has to be made in the background."""
    is_large = report_files.rows_up_to(wanted) > report_files.AT_ONCE
    for kind in report_files.KINDS:
        yield kind.upper(), "" if is_large and kind == "xlsx" else _file(said, kind)


def _file(said: dict[str, str], kind: str) -> str:
    query = {name: value for name, value in said.items() if value and name != "limit"}
    return f"{reverse('billing-report')}?{urlencode({**query, 'format': kind})}"


def _chips(wanted: Asked, said: dict[str, str]) -> Iterator[dict[str, str]]:
    """What was chosen, and the address without it."""
    for name, value in wanted.chosen.items():
        group = words.named(asked.ONLY[name][0])
        yield {"group": group, "name": value, "without": address(said, **{name: None})}


def _statement(
    found: Statement, wanted: Asked, said: dict[str, str], days: dict[str, list[tuple[date, Sums]]]
) -> dict[str, Any]:
    currency = found.currency
    by_day = list(_every_day(wanted, days.get(currency, [])))
    return {
        "currency": currency,
        "cards": list(_cards(found)),
        "columns": [_column(name, str(title), wanted, said) for name, title in _COLUMNS],
        "name_column": _column("name", words.group(wanted), wanted, said),
        "rows": [_row(row, wanted, said) for row in found.groups],
        "others": found.others,
        "rest": _numbers(found.rest),
        "total": _numbers(found.total),
        "vat": [
            (vat.country or "–", words.percent(vat.rate), *_amounts(vat.net, vat.tax, vat.gross))
            for vat in found.vat
        ],
        "vat_total": _amounts(found.total.net, found.total.tax, found.total.gross),
        "books": words.compared(found.books),
        "days": [(day, *_numbers(sums)) for day, sums in by_day if sums != Sums()],
        "chart": _chart(by_day, currency),
    }


def _cards(found: Statement) -> Iterator[tuple[str, str, str]]:
    total, currency = found.total, found.currency
    yield _("Sessions"), f"{total.sessions:,}", _("billed")
    yield _("Energy"), f"{total.energy_wh / 1000:,.1f}", "kWh"
    amounts = {
        _("Net"): (total.net, ""),
        _("VAT"): (total.tax, ""),
        _("Gross"): (total.gross, ""),
        _("Refunds"): (found.refunds, _("given back")),
        _("Outstanding"): (found.outstanding, _("owed at the end")),
    }
    for title, (amount, note) in amounts.items():
        if amount is not None:
            yield title, f"{amount:,f}", f"{currency} {note}".strip()


def _column(name: str, title: str, wanted: Asked, said: dict[str, str]) -> dict[str, str]:
    """A head that sorts: by the first press downwards for numbers, upwards for names."""
    down = wanted.sort == f"-{name}"
    is_sorted = down or wanted.sort == name
    first, second = (name, f"-{name}") if name == "name" else (f"-{name}", name)
    wish = second if wanted.sort == first else first
    direction = ("descending" if down else "ascending") if is_sorted else "none"
    return {"title": title, "address": address(said, sort=wish), "direction": direction}


def _row(row: Row, wanted: Asked, said: dict[str, str]) -> dict[str, Any]:
    shown = {"name": row.name or "–", "numbers": _numbers(row.sums), "address": ""}
    if row.key is not None:
        parameter = f"{wanted.group}Id"
        inside = {parameter: row.key, "groupBy": _NEXT[wanted.group], "sort": None}
        shown["address"] = address(said, **inside)
    return shown


def _numbers(sums: Sums) -> list[str]:
    energy = f"{sums.energy_wh / 1000:,.3f}"
    return [f"{sums.sessions:,}", energy, *_amounts(sums.net, sums.tax, sums.gross)]


def _amounts(*amounts: Decimal) -> list[str]:
    return [f"{amount:,f}" for amount in amounts]


def _every_day(wanted: Asked, found: list[tuple[date, Sums]]) -> Iterator[tuple[date, Sums]]:
    """Days without a bill, too: a chart that leaves them out would lie."""
    by_day = dict(found)
    first, last = wanted.scope.days()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield day, by_day.get(day, Sums())


def _chart(days: list[tuple[date, Sums]], currency: str) -> str:
    dataset = {
        "label": _("Gross, %(currency)s") % {"currency": currency},
        "data": [float(sums.gross) for _, sums in days],
        "backgroundColor": "var(--color-primary-500)",
        "displayYAxis": True,
        "maxBarThickness": 28,
        "borderRadius": 3,
        "maxTicksXLimit": 16,
    }
    labels = [f"{day.day} {day:%b}" for day, _ in days]
    return orjson.dumps({"labels": labels, "datasets": [dataset]}).decode()


def _waiting(found: Report) -> list[dict[str, Any]]:
    until = min(found.asked.scope.until, found.made_at)
    return [
        {
            "session": display.link(row.session, f"#{row.session_id}"),
            "station": row.session.station.cp_id,
            "ended": display.when(row.session.stopped_at),
            "why": row.error
            or (_("In the review queue") if row.session.needs_review else _("To be billed")),
        }
        for row in islice(unfinished.waiting(until, sites=found.asked.scope.sites), 20)
    ]


def _links(request: HttpRequest, found: Report) -> list[tuple[str, str]]:
    """Where one can do something about what is not finished, as far as one may look."""
    user, missing = request.user, found.unfinished
    links = []
    if missing.open and user.has_perm("stations.view_chargingsession"):
        sessions = reverse("admin:stations_chargingsession_changelist")
        links.append((_("Sessions under way"), f"{sessions}?status__exact=Active"))
    if missing.in_review and user.has_perm("stations.view_reviewcase"):
        links.append((_("Review queue"), reverse("admin:stations_reviewcase_changelist")))
    return links


def _is_closed(found: Report) -> bool:
    """Whether all of it is: what has no bill was left to the next period."""
    return bool(found.closed) and found.asked.scope.until <= found.closed[-1].until


def _close(request: HttpRequest, found: Report) -> str:
    """Where these days are closed, by who may; nowhere where they are."""
    scope = found.asked.scope
    if _is_closed(found) or not request.user.has_perm("billing.close_period"):
        return ""
    first, last = scope.days()
    asked_for = urlencode({"first_day": first, "last_day": last, "zone": scope.zone})
    return f"{reverse('admin:billing_billingperiod_close')}?{asked_for}"


def _bills(wanted: Asked) -> list[tuple[SafeString | str, ...]]:
    """The latest bills of what was chosen."""
    rows: Any = wanted.scope.bills().select_related("session__station", "wallet")
    return [_bill(row) for row in rows.order_by("-billed_at", "-id")[:_BILLS]]


def _bill(row: SessionBill) -> tuple[SafeString | str, ...]:
    return (
        display.link(row, f"#{row.pk}"),
        row.get_kind_display(),
        display.link(row.session, f"#{row.session_id}"),
        row.session.station.cp_id,
        row.wallet.name if row.wallet else "–",
        display.when(row.billed_at),
        display.kwh(row.energy_wh),
        f"{money.rounded(row.gross, row.currency):,f} {row.currency}",
    )
