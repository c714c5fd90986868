"""Bills: what sessions cost, line by line, and pricing one anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import receipts
from billing.admin.correcting import correct, say_limit, waiting
from billing.models import BillKind, CorrectionKind, SessionBill, SessionTariff, TariffVersion
from billing.services import bills
from cms.shared import clock, display, scoping
from cms.shared.admin import BigTableAdmin, ChoiceFilter, FixedFilter, ReadOnlyAdmin, TimeFilter
from cms.shared.dialogs import ShownFirstForm, dialog
from stations.admin import find
from stations.models import ChargingSession


class BilledFilter(TimeFilter):
    """By when it was made."""

    title = lazy("billed")

    @staticmethod
    def since(rows: QuerySet[SessionBill], moment: datetime) -> QuerySet[SessionBill]:
        """Made after ``moment``."""
        return rows.filter(billed_at__gte=moment)


class FitFilter(FixedFilter):
    """Bills of which something was learned after they were made."""

    title = lazy("fits")
    parameter_name = "fits"
    options = (("no", lazy("No longer fit")),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[SessionBill]) -> Any:
        """Standing bills that would come to something else now."""
        if self.value() != "no":
            return queryset
        odd = SessionTariff.objects.filter(misfit_since__isnull=False).values("session")
        return queryset.filter(session__in=odd, kind=BillKind.BILL, reversed_by=None)


class RepriceForm(ShownFirstForm):
    """Why, and by which terms."""

    obj: SessionBill
    version = forms.ModelChoiceField(
        TariffVersion.objects.none(),
        label=lazy("Version"),
        required=False,
        empty_label=lazy("The session's own tariff"),
    )
    reason = forms.CharField(label=lazy("Reason"), max_length=500)

    def prepare(self) -> None:
        """Versions in the bill's currency."""
        same = TariffVersion.objects.filter(tariff__currency=self.obj.currency)
        self.fields["version"].queryset = same.select_related("tariff")  # type: ignore[attr-defined]
        standing = bills.current(self.obj.session_id)
        if standing is None or standing.pk != self.obj.pk:
            self.refuse(_("This one was taken back, or takes one back."))
        else:
            say_limit(self, self.obj.currency)

    def clean(self) -> dict[str, Any]:
        """Show the new amount before it is billed."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        priced = bills.preview(
            session_id=self.obj.session_id, version=cleaned["version"], at=clock.now()
        )
        words = _("%(before)s becomes %(after)s") % {
            "before": receipts.amount(self.obj.gross, self.obj.currency),
            "after": receipts.amount(priced.bill.gross, priced.bill.currency),
        }
        self.show_first(("blue", words))
        return cleaned


@admin.register(SessionBill)
class SessionBillAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What was billed and taken back, newest first."""

    list_display = ("number", "state", "of_session", "payer", "energy", "total", "billed")
    list_display_links = ("number",)
    list_select_related = ("wallet", "session__tariff", "version__tariff", "reversed_by")
    ordering_in_range = ("-billed_at", "-id")
    list_filter = (BilledFilter, FitFilter, ("kind", ChoiceFilter), ("currency", ChoiceFilter))
    search_fields = ("session",)
    search_help_text = lazy("Number of a session")
    actions_detail = ["reprice"]
    change_form_outer_after_template = "admin/billing/bill_tail.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state", "revision"),
                    ("misfit",),
                    ("of_session", "payer"),
                    ("of_version", "of_entry"),
                    ("energy", "lasted"),
                    ("billed", "started"),
                    ("of_invoice", "why"),
                    ("by",),
                )
            },
        ),
    )

    def has_reprice_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may price a session anew."""
        return request.user.has_perm("billing.reprice_sessionbill")

    def get_urls(self) -> list[Any]:
        """Plus what a session costs, as its page asks for it again."""
        view = self.admin_site.admin_view(self.receipt)
        return [
            path("of-session/<int:session_id>/", view, name=receipts.URL),
            *super().get_urls(),
        ]

    def receipt(self, request: HttpRequest, session_id: int) -> HttpResponse:
        """The part of a session's page that renews itself."""
        if not request.user.has_perm("stations.view_chargingsession"):
            raise PermissionDenied
        rows = scoping.visible(request.user, ChargingSession.objects.all())
        session = get_object_or_404(rows, pk=session_id)
        return HttpResponse(receipts.panel(request, session))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SessionBill], search_term: str
    ) -> tuple[QuerySet[SessionBill], bool]:
        """By the session's number."""
        text = search_term.strip().removeprefix("#")
        if not text:
            return queryset, False
        return queryset.filter(session=find.number(text) or 0), False

    @dialog(
        title=lazy("Price anew"),
        permission="reprice",
        form=RepriceForm,
        submit=lazy("Bill anew"),
        text=lazy("Takes this bill back and makes a new one of what is known now."),
        icon="published_with_changes",
    )
    def reprice(self, request: HttpRequest, bill: Any, form: Any) -> HttpResponse:
        """A reversal and a new bill."""
        version = form.cleaned_data["version"]
        return correct(
            request,
            form,
            CorrectionKind.REPRICE,
            lambda made: (_("%(made)s is billed anew.") % {"made": made}, made),
            session_id=bill.session_id,
            version_id=version.pk if version else None,
        )

    def around(self, request: HttpRequest, bill: SessionBill) -> dict[str, Any]:
        """With its lines below, and what waits for another person."""
        return {
            "receipt": receipts.of_bill(bill),
            "waiting": waiting(request, session=bill.session_id),
        }

    @admin.display(description=lazy("Bill"))
    def number(self, row: SessionBill) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("Kind"))
    def state(self, row: SessionBill) -> SafeString:
        """A bill, a reversal, or a bill that was taken back or no longer fits."""
        if row.kind == BillKind.REVERSAL or hasattr(row, "reversed_by"):
            words = _("Reversal") if row.kind == BillKind.REVERSAL else _("Taken back")
            return display.pill(words, "grey")
        if why := _misfit(row):
            return display.pill(_("No longer fits"), "amber", why)
        return display.pill(_("Bill"), "green")

    @admin.display(description=lazy("Fits"))
    def misfit(self, row: SessionBill) -> str:
        """Why it is not what the session would be billed now."""
        why = "" if hasattr(row, "reversed_by") else _misfit(row)
        return (
            _("No longer: %(why)s. Price it anew.") % {"why": why}
            if why
            else _("As far as is known")
        )

    @admin.display(description=lazy("Session"))
    def of_session(self, row: SessionBill) -> SafeString:
        """Which."""
        return display.link(row.session)

    @admin.display(description=lazy("Payer"))
    def payer(self, row: SessionBill) -> str:
        """Whose wallet."""
        return str(row.wallet) if row.wallet else str(display.NOTHING)

    @admin.display(description=lazy("Energy"))
    def energy(self, row: SessionBill) -> SafeString:
        """In kWh."""
        return display.kwh(row.energy_wh)

    @admin.display(description=lazy("Total"))
    def total(self, row: SessionBill) -> str:
        """With tax."""
        return receipts.amount(row.gross, row.currency)

    @admin.display(description=lazy("Billed"))
    def billed(self, row: SessionBill) -> SafeString:
        """When."""
        return display.when(row.billed_at)

    @admin.display(description=lazy("Began"))
    def started(self, row: SessionBill) -> SafeString:
        """When the session did."""
        return display.when(row.started_at)

    @admin.display(description=lazy("Charging / without charging"))
    def lasted(self, row: SessionBill) -> str:
        """In minutes."""
        return _("%(charging)s / %(idle)s min") % {
            "charging": row.charging_seconds // 60,
            "idle": row.idle_seconds // 60,
        }

    @admin.display(description=lazy("Tariff"))
    def of_version(self, row: SessionBill) -> str:
        """The version it was priced with."""
        return str(row.version)

    @admin.display(description=lazy("Booked as"))
    def of_entry(self, row: SessionBill) -> str:
        """Its entry in the ledger."""
        return str(row.entry) if row.entry else str(display.NOTHING)

    @admin.display(description=lazy("Invoice"))
    def of_invoice(self, row: SessionBill) -> SafeString:
        """Where it was invoiced."""
        line = getattr(row, "invoice_line", None)
        return display.link(line.invoice if line else None)

    @admin.display(description=lazy("Reason"))
    def why(self, row: SessionBill) -> str:
        """Of a new price."""
        return row.reason or str(display.NOTHING)


def _misfit(row: SessionBill) -> str:
    """Why the bill of its session that stands no longer fits; empty where it does."""
    found: SessionTariff | None = getattr(row.session, "tariff", None)
    return found.misfit if found and row.kind == BillKind.BILL else ""
