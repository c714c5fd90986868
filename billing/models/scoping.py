"""How the rows of money belong to a site: what who is limited to some sites sees of them.

Bills remember their site. What is numbered, summed or paid for the whole company is seen whole
or not at all: a part of a journal or of an invoice would be wrong.
"""

from __future__ import annotations

from django.db.models import Q

from billing.models.corrections import CorrectionRequest
from billing.models.exports import SITES, ReportExport, said_of
from billing.models.invoices import Invoice
from billing.models.payments import Payment
from billing.models.periods import BillingPeriod
from billing.models.tariffs import Tariff
from cms.shared.scoping import Limit, Named, Rule, by_number, everybody, nobody


def of_their_places(limit: Limit) -> Q:
    """Assignments to a site of theirs, or to what stands there; not those for people and all."""
    sites = limit.site_ids
    places = Q(site__in=sites) | Q(station__site__in=sites)
    return places | Q(connector__station__site__in=sites)


def own_exports(limit: Limit) -> Q:
    """Files of reports they asked for themselves, limited as they are now: by a key, too."""
    return Q(by=limit.user_id, **{f"parameters__{SITES}": said_of(limit.site_ids)})


def their_corrections(limit: Limit) -> Q:
    """What was asked for about sessions at their sites, and what they asked for themselves."""
    return Q(site__in=limit.site_ids) | Q(asked_by=limit.user_id)


_OF_THE_COMPANY = (
    *("Account", "JournalEntry", "Posting", "Payment", "PaymentRefund", "PaymentEvent"),
    *("Invoice", "InvoiceLine", "InvoiceRun", "InvoiceSeries", "Issuer", "BillingPeriod"),
    *("Company", "Member", "CorrectionLimit"),
)
RULES: dict[str, Rule] = {
    "SessionBill": "site",
    "BillLine": "bill__site",
    "SessionTariff": "session__station__site",
    "TariffAssignment": of_their_places,
    "ReportExport": own_exports,
    "CorrectionRequest": their_corrections,
    "Tariff": everybody,
    "TariffVersion": everybody,
    **dict.fromkeys(_OF_THE_COMPANY, nobody),
}
NAMES: dict[str, Named] = {
    "correction_id": by_number(CorrectionRequest),
    "export_id": by_number(ReportExport),
    "invoice_id": by_number(Invoice),
    "number": lambda _, text: BillingPeriod.objects.filter(number=int(text)),
    "payment_id": by_number(Payment),
    "tariff_id": by_number(Tariff),
}
