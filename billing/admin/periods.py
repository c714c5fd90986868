"""Closed billing periods: the list, the page of the frozen figures, the dialog that closes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.models import BillingPeriod
from billing.reports.scope import Scope, of_days
from billing.services import periods
from cms.shared import clock, dialogs, display, money, texts
from cms.shared.admin import BigTableAdmin, ReadOnlyAdmin
from cms.shared.dialogs import ShownFirstForm, dialog

_DAY = timedelta(days=1)
_MOST = 200  # rows of a group that are shown


class CloseForm(ShownFirstForm):
    """Which days."""

    first_day = forms.DateField(
        label=lazy("First day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    zone = forms.CharField(max_length=50, label=lazy("Time zone"))
    leave_open = forms.CharField(
        required=False,
        max_length=500,
        label=lazy("Why sessions are left open"),
        help_text=lazy("Only where some have no bill yet: they are billed in the next period."),
    )

    def prepare(self) -> None:
        """The month after the last closed one, or what the address says."""
        found, asked = periods.suggested(at=clock.now()), self.request.GET
        first, last = days(found)
        for name, value in (("first_day", first), ("last_day", last), ("zone", found.zone)):
            self.fields[name].initial = asked.get(name, value)

    def clean(self) -> dict[str, Any]:
        """The time itself, and what is in it, shown before it is closed."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        try:
            scope = of_days(cleaned["first_day"], cleaned["last_day"], cleaned["zone"])
        except (ValueError, OverflowError) as wrong:
            raise forms.ValidationError(
                _("This is no time: %(wrong)s.") % {"wrong": wrong}
            ) from None
        found = periods.preview(scope=scope, at=clock.now())
        if found.refusals:
            raise forms.ValidationError([texts.localised(each) for each in found.refusals])
        if found.waiting and not cleaned["leave_open"].strip():
            for tone, sentence in _words(found):
                self.warn(sentence, tone)
            raise forms.ValidationError(
                _("Wait for these sessions, or say why they are left open.")
            )
        press = _("This is what would be frozen: press again to close it.")
        self.show_first(*_words(found), press=press)
        return {**cleaned, "scope": scope}


@admin.register(BillingPeriod)
class BillingPeriodAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Times nothing is billed into any more, newest first."""

    list_display = ("name", "span", "total", "closed", "by", "seal")
    list_display_links = ("name",)
    list_select_related = ("closed_by",)
    actions_list = ["close"]
    change_form_outer_after_template = "admin/billing/period.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("span", "zone"),
                    ("closed", "by"),
                    ("why_open", "left_open"),
                )
            },
        ),
    )

    def has_close_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may close periods."""
        return request.user.has_perm("billing.close_period")

    @dialog(
        title=lazy("Close period"),
        permission="close",
        form=CloseForm,
        submit=lazy("Close period"),
        text=lazy(
            "Freezes what was billed in these days, for ever. Later corrections land in the next"
            " period."
        ),
        icon="lock_clock",
        danger=True,
    )
    def close(self, request: HttpRequest, nothing: Any, form: Any) -> HttpResponse:
        """Freeze and seal it."""
        period = periods.close(
            scope=form.cleaned_data["scope"],
            leave_open=form.cleaned_data["leave_open"],
            key=form.idempotency_key(),
            at=clock.now(),
            by_id=request.user.pk,
        )
        messages.success(request, _("%(period)s is closed.") % {"period": period})
        return dialogs.leave(request, display.page(period))

    def around(self, request: HttpRequest, period: BillingPeriod) -> dict[str, Any]:
        """With its figures below."""
        return _shown(period)

    @admin.display(description=lazy("Period"))
    def name(self, row: BillingPeriod) -> str:
        """Its number."""
        return str(row)

    @admin.display(description=lazy("Days"))
    def span(self, row: BillingPeriod) -> str:
        """From the first to the last."""
        first, last = days(Scope(row.since, row.until, row.zone))
        return f"{first} – {last}"

    @admin.display(description=lazy("Gross"))
    def total(self, row: BillingPeriod) -> str:
        """In each currency."""
        sums = row.snapshot["currencies"]
        return ", ".join(_amount(each["gross"], each["currency"]) for each in sums) or _("nothing")

    @admin.display(description=lazy("Closed"))
    def closed(self, row: BillingPeriod) -> SafeString:
        """When."""
        return display.when(row.closed_at)

    @admin.display(description=lazy("By"))
    def by(self, row: BillingPeriod) -> object:
        """Who."""
        return row.closed_by or display.NOTHING

    @admin.display(description=lazy("Seal"))
    def seal(self, row: BillingPeriod) -> SafeString:
        """The beginning of its hash."""
        return display.pill(row.hash[:12], "grey", row.hash)

    @admin.display(description=lazy("Left open"))
    def left_open(self, row: BillingPeriod) -> str:
        """How many sessions had no bill."""
        return texts.localised(periods.waiting_words(periods.left_open(row)))

    @admin.display(description=lazy("Why"))
    def why_open(self, row: BillingPeriod) -> str:
        """The reason they were left open for."""
        return row.note or str(display.NOTHING)


def days(scope: Scope) -> tuple[Any, Any]:
    """Its first and last day, by the clocks of its zone."""
    zone = ZoneInfo(scope.zone)
    return scope.since.astimezone(zone).date(), (scope.until.astimezone(zone) - _DAY / 2).date()


def _words(found: periods.Closable) -> list[tuple[str, str]]:
    """What would be frozen, as notices."""
    sums = found.figures["currencies"]
    totals = ", ".join(
        _("%(amount)s of %(sessions)s sessions")
        % {"amount": _amount(each["gross"], each["currency"]), "sessions": each["sessions"]}
        for each in sums
    )
    totals = totals or _("Nothing was billed")
    said = [("blue", _("%(totals)s. The ledger says the same.") % {"totals": totals})]
    if found.waiting:
        said.append(("amber", f"{texts.localised(periods.waiting_words(found.waiting))}."))
    if found.misfits:
        misfits = _("Bills that no longer fit: %(count)s. Price them anew first.")
        said.append(("amber", misfits % {"count": found.misfits}))
    return said


def _shown(period: BillingPeriod) -> dict[str, Any]:
    first, last = days(Scope(period.since, period.until, period.zone))
    asked = urlencode({"period": "custom", "since": first, "until": last, "zone": period.zone})
    figures = period.snapshot
    return {
        "asked": asked,
        "period": period,
        "counts": figures,
        "statements": [_statement(each) for each in figures["currencies"]],
        "books": [
            (line["currency"], *(_plain(line[part], line["currency"]) for part in _PARTS))
            for line in figures["reconciliation"]
        ],
    }


_PARTS = ("billed_net", "billed_tax", "given_back", "income", "tax", "taken_back")


def _statement(found: dict[str, Any]) -> dict[str, Any]:
    currency = found["currency"]
    return {
        "currency": currency,
        "total": _numbers(found, currency),
        "vat": [
            (vat["country"] or "–", f"{vat['rate']} %", *_amounts(vat, currency))
            for vat in found["vat"]
        ],
        "groups": [
            (
                by.replace("_", " "),
                [(row["name"] or "–", _numbers(row, currency)) for row in rows[:_MOST]],
                max(len(rows) - _MOST, 0),
            )
            for by, rows in found["groups"].items()
        ],
    }


def _numbers(sums: dict[str, Any], currency: str) -> list[str]:
    energy = f"{sums['energy_wh'] / 1000:,.3f}"
    return [f"{sums['sessions']:,}", energy, *_amounts(sums, currency)]


def _amounts(sums: dict[str, Any], currency: str) -> list[str]:
    return [_plain(sums[name], currency) for name in ("net", "tax", "gross")]


def _plain(amount: str, currency: str) -> str:
    return f"{money.rounded(Decimal(amount), currency):,f}"


def _amount(amount: str, currency: str) -> str:
    return f"{_plain(amount, currency)} {currency}"
