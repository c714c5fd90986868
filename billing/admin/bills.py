"""Bills: what sessions cost, line by line, and pricing one anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from billing.models import BillLine, SessionBill, TariffVersion
from billing.rating import wording
from billing.rating.bill import Reason
from billing.services import bills
from cms.shared import clock, dialogs, display, money
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, TimeFilter
from cms.shared.dialogs import DialogForm, dialog
from stations.admin import find


class BilledFilter(TimeFilter):
    """By when it was made."""

    title = "billed"

    @staticmethod
    def since(rows: QuerySet[SessionBill], moment: datetime) -> QuerySet[SessionBill]:
        """Made after ``moment``."""
        return rows.filter(billed_at__gte=moment)


class RepriceForm(DialogForm):
    """Why, and by which terms; the first press shows what it would come to, the second does it."""

    obj: SessionBill
    version = forms.ModelChoiceField(
        TariffVersion.objects.none(), required=False, empty_label="The session's own tariff"
    )
    reason = forms.CharField(max_length=500)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        """Versions in the bill's currency."""
        same = TariffVersion.objects.filter(tariff__currency=self.obj.currency)
        self.fields["version"].queryset = same.select_related("tariff")  # type: ignore[attr-defined]
        standing = bills.current(self.obj.session_id)
        if standing is None or standing.pk != self.obj.pk:
            self.refuse("This one was taken back, or takes one back.")

    def clean(self) -> dict[str, Any]:
        """Show the new amount before it is billed."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        priced = bills.preview(
            session_id=self.obj.session_id, version=cleaned["version"], at=clock.now()
        )
        words = f"{_amount(self.obj.gross, self.obj.currency)} becomes " + _amount(
            priced.bill.gross, priced.bill.currency
        )
        if cleaned["seen"] != words:
            self.data = {**self.data.dict(), "seen": words}  # type: ignore[attr-defined]
            self.warn(words, "blue")
            raise forms.ValidationError("This is what it would do: press again to do it.")
        return cleaned


@admin.register(SessionBill)
class SessionBillAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What was billed and taken back, newest first."""

    list_display = ("number", "kind", "of_session", "payer", "energy", "total", "billed")
    list_display_links = ("number",)
    list_select_related = ("wallet", "session", "version__tariff")
    ordering_in_range = ("-billed_at", "-id")
    list_filter = (BilledFilter, ("kind", ChoiceFilter), ("currency", ChoiceFilter))
    search_fields = ("session",)
    search_help_text = "Number of a session"
    actions_detail = ["reprice"]
    change_form_outer_after_template = "admin/billing/bill_tail.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("kind", "revision"),
                    ("of_session", "payer"),
                    ("of_version", "of_entry"),
                    ("energy", "lasted"),
                    ("billed", "started"),
                    ("why", "by"),
                )
            },
        ),
    )

    def has_reprice_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may price a session anew."""
        return request.user.has_perm("billing.reprice_sessionbill")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SessionBill], search_term: str
    ) -> tuple[QuerySet[SessionBill], bool]:
        """By the session's number."""
        text = search_term.strip().removeprefix("#")
        if not text:
            return queryset, False
        return queryset.filter(session=find.number(text) or 0), False

    @dialog(
        title="Price anew",
        permission="reprice",
        form=RepriceForm,
        submit="Bill anew",
        text="Takes this bill back and makes a new one of what is known now.",
        icon="published_with_changes",
    )
    def reprice(self, request: HttpRequest, bill: Any, form: Any) -> HttpResponse:
        """A reversal and a new bill."""
        made = bills.reprice(
            session_id=bill.session_id,
            reason=form.cleaned_data["reason"],
            version=form.cleaned_data["version"],
            at=clock.now(),
            by_id=request.user.pk,
        )
        return dialogs.leave(request, display.page(made))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With its lines below."""
        bill = self.get_object(request, object_id)
        shown = _receipt(bill) if bill else {}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    @admin.display(description="Bill")
    def number(self, row: SessionBill) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description="Session")
    def of_session(self, row: SessionBill) -> SafeString:
        """Which."""
        return display.link(row.session)

    @admin.display(description="Payer")
    def payer(self, row: SessionBill) -> str:
        """Whose wallet."""
        return str(row.wallet) if row.wallet else str(display.NOTHING)

    @admin.display(description="Energy")
    def energy(self, row: SessionBill) -> SafeString:
        """In kWh."""
        return display.kwh(row.energy_wh)

    @admin.display(description="Total")
    def total(self, row: SessionBill) -> str:
        """With tax."""
        return _amount(row.gross, row.currency)

    @admin.display(description="Billed")
    def billed(self, row: SessionBill) -> SafeString:
        """When."""
        return display.when(row.billed_at)

    @admin.display(description="Began")
    def started(self, row: SessionBill) -> SafeString:
        """When the session did."""
        return display.when(row.started_at)

    @admin.display(description="Charging / without charging")
    def lasted(self, row: SessionBill) -> str:
        """In minutes."""
        return f"{row.charging_seconds // 60} / {row.idle_seconds // 60} min"

    @admin.display(description="Tariff")
    def of_version(self, row: SessionBill) -> str:
        """The version it was priced with."""
        return str(row.version)

    @admin.display(description="Booked as")
    def of_entry(self, row: SessionBill) -> str:
        """Its entry in the ledger."""
        return str(row.entry) if row.entry else str(display.NOTHING)

    @admin.display(description="Reason")
    def why(self, row: SessionBill) -> str:
        """Of a new price."""
        return row.reason or str(display.NOTHING)


def _amount(amount: Any, currency: str) -> str:
    return f"{money.rounded(amount, currency):f} {currency}"


def _receipt(bill: SessionBill) -> dict[str, Any]:
    return {
        "bill": bill,
        "lines": [_line(line, bill.currency) for line in bill.lines.order_by("number")],
        "net": _amount(bill.net, bill.currency),
        "tax": _amount(bill.tax, bill.currency),
        "gross": _amount(bill.gross, bill.currency),
    }


def _line(line: BillLine, currency: str) -> dict[str, str]:
    return {
        "what": wording.english(Reason(code, values) for code, values in line.why),
        "quantity": f"{line.quantity.normalize():f} {line.unit}",
        "price": f"{line.unit_price.normalize():f}",
        "net": _amount(line.net, currency),
        "rate": f"{line.tax_rate.normalize():f} %",
        "gross": _amount(line.gross, currency),
    }
