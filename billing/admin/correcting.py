"""Dialogs that correct: all of them ask here, so that what needs another person waits for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin import words
from billing.models import CorrectionKind, CorrectionLimit, CorrectionRequest, CorrectionState
from billing.services import corrections
from cms.shared import clock, dialogs, display, scoping

_VIEW = "billing.view_correctionrequest"


def correct(
    request: HttpRequest,
    form: Any,
    kind: CorrectionKind,
    then: Callable[[Any], tuple[str, Model]],
    **parameters: Any,
) -> HttpResponse:
    """Book what a dialog asks for, or have it wait; leave for the page that shows it.

    ``then``: what is said of what was made, and the row whose page is shown.
    """
    made = corrections.ask(
        kind=kind,
        parameters=parameters,
        reason=form.cleaned_data["reason"],
        key=form.idempotency_key(),
        at=clock.now(),
        by_id=request.user.pk,
    )
    if not isinstance(made, CorrectionRequest):
        said, row = then(made)
        messages.success(request, said)
        return dialogs.leave(request, display.page(row))
    waits = _("%(correction)s waits for approval by another person: nothing is booked before.")
    messages.warning(request, waits % {"correction": made})
    row = made if request.user.has_perm(_VIEW) else form.obj
    return dialogs.leave(request, display.page(row))


def say_limit(form: dialogs.DialogForm, currency: str) -> None:
    """Say in a dialog above which amount another person has to approve."""
    limit = CorrectionLimit.objects.filter(currency=currency).first()
    if limit is not None:
        said = _("Above %(limit)s another person has to approve it; nothing is booked before.")
        form.warn(said % {"limit": limit}, "blue")


def waiting(request: HttpRequest, **about: Any) -> list[SafeString]:
    """What waits for another person, of what ``about`` finds, in words for its page."""
    found = CorrectionRequest.objects.filter(state=CorrectionState.WAITING, **about)
    rows = scoping.visible(request.user, found).select_related("asked_by")
    may = request.user.has_perm(_VIEW)
    return [_words(row, may) for row in rows.order_by("pk")]


def _words(row: CorrectionRequest, linked: bool) -> SafeString:
    return format_html(
        _(
            "{what} ({kind}, {amount}), asked for by {person},"
            " waits for approval by another person."
        ),
        what=display.link(row) if linked else row,
        kind=row.get_kind_display(),
        amount=amount(row),
        person=row.asked_by,
    )


def amount(row: CorrectionRequest) -> SafeString:
    """By how much it changes a customer's money."""
    return words.amount(row.amount, row.currency)
