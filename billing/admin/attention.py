"""Money's rows of the work queue on the home page."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.attention import CORRECTION, PAYMENT, of_money
from cms.shared import scoping
from stations.admin import attention
from stations.admin.attention import Button, Row
from stations.attention import Item


@attention.source
def rows(request: HttpRequest, at: datetime) -> list[Row] | None:
    """Failed payments and refunds, to whom may see payments; corrections, to whom decides."""
    user = request.user
    failures = user.has_perm("billing.view_payment")
    decides = user.has_perms(["billing.approve_correction", "billing.view_correctionrequest"])
    if not (failures or decides):
        return None
    items = of_money(
        at=at,
        seen=lambda found: scoping.visible(user, found),
        failures=failures,
        decider=user.pk if decides else None,
    )
    return [_correction(item) if item.kind == CORRECTION else _row(item) for item in items]


def _correction(item: Item) -> Row:
    page = reverse("admin:billing_correctionrequest_change", args=[item.name])
    approve = reverse("admin:billing_correctionrequest_approve", args=[item.name])
    named = item._replace(name=_("Correction #%(number)s") % {"number": item.name})
    button = Button(_("Approve…"), approve, is_dialog=True)
    return Row(named, _("Waits for approval"), item.detail, "amber", page, button)


def _row(item: Item) -> Row:
    what = _("Payment failed") if item.kind == PAYMENT else _("Refund failed")
    page = reverse("admin:billing_payment_change", args=[item.name])
    named = item._replace(name=_("Payment #%(number)s") % {"number": item.name})
    return Row(named, what, item.detail, "red", page, Button(_("Open"), page))
