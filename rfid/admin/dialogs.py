"""What one does with cards: block, unblock, extend, one or several, each with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cms.shared import display, texts
from cms.shared.dialogs import DialogForm, dialog, leave
from cms.shared.errors import DomainError
from rfid.admin import panels
from rfid.models import RfidCard
from rfid.services import cards


def reason_field() -> forms.CharField:
    """Why; it is asked for again whenever somebody wonders."""
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Lost, stolen, contract ended, found again, …"),
    )


def until_field() -> forms.DateTimeField:
    """Until when; nothing: for good."""
    return forms.DateTimeField(
        label=gettext_lazy("Valid until"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        help_text=gettext_lazy("Empty: for good"),
    )


class BlockForm(DialogForm):
    """Why a card is blocked."""

    reason = reason_field()


class ActivateForm(DialogForm):
    """Why it may charge again."""

    obj: RfidCard
    reason = reason_field()

    def prepare(self) -> None:
        """Say why it was blocked."""
        if self.obj.status_reason:
            self.warn(_("It was blocked: %(reason)s") % {"reason": self.obj.status_reason})


class ExtendForm(DialogForm):
    """Until when, and why."""

    obj: RfidCard
    valid_until = until_field()
    reason = reason_field()

    def prepare(self) -> None:
        """As it is now."""
        self.fields["valid_until"].initial = self.obj.valid_until


class BulkReasonForm(forms.Form):
    """Why, for several."""

    reason = reason_field()


class BulkExtendForm(forms.Form):
    """Until when and why, for several."""

    valid_until = until_field()
    reason = reason_field()


class CardActions:
    """The dialogs of cards, and what is done with several; mixed into their model admin."""

    def has_block_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may block, unblock and extend."""
        return request.user.has_perm("rfid.change_rfidcard")

    @dialog(
        title=gettext_lazy("Block"),
        permission="block",
        form=BlockForm,
        submit=gettext_lazy("Block"),
        text=gettext_lazy(
            "The card is refused from now on. What it is charging goes on until it is stopped."
        ),
        icon="block",
        danger=True,
    )
    def block(self, request: HttpRequest, card: Any, form: Any) -> HttpResponse:
        """Refuse a card from now on."""
        reason = form.cleaned_data["reason"]
        cards.block(card=card, reason=reason, by=request.user)  # type: ignore[arg-type]
        return self._done(request, card, _("Blocked."), reason, _("%(card)s is blocked."))

    @dialog(
        title=gettext_lazy("Unblock"),
        permission="block",
        form=ActivateForm,
        submit=gettext_lazy("Unblock"),
        text=gettext_lazy("The card is accepted again, within its validity."),
        icon="check_circle",
    )
    def activate(self, request: HttpRequest, card: Any, form: Any) -> HttpResponse:
        """Accept a card again."""
        reason = form.cleaned_data["reason"]
        cards.activate(card=card, reason=reason, by=request.user)  # type: ignore[arg-type]
        return self._done(request, card, _("Activated."), reason, _("%(card)s is active."))

    @dialog(
        title=gettext_lazy("Extend validity"),
        permission="block",
        form=ExtendForm,
        submit=gettext_lazy("Extend"),
        icon="event_repeat",
    )
    def extend(self, request: HttpRequest, card: Any, form: Any) -> HttpResponse:
        """Let it be valid until another time."""
        until, reason = form.cleaned_data["valid_until"], form.cleaned_data["reason"]
        by: Any = request.user
        cards.extend_all(cards=[card], valid_until=until, reason=reason, by=by)
        return self._done(
            request, card, _("Extended."), reason, _("The validity of %(card)s is set.")
        )

    def _done(
        self, request: HttpRequest, card: RfidCard, log: str, reason: str, said: str
    ) -> HttpResponse:
        self.log_change(request, card, f"{log} {reason}")  # type: ignore[attr-defined]
        messages.success(request, said % {"card": card})
        return leave(request, display.page(card))

    @admin.action(description=gettext_lazy("Block selected cards…"), permissions=["block"])
    def block_selected(self, request: HttpRequest, queryset: QuerySet[RfidCard]) -> Any:
        """Ask for the reason, then block each of the selected cards."""
        form, chosen = _form(request, BulkReasonForm), list(queryset)
        if not form.is_valid():
            title = ngettext("Block %(count)d card", "Block %(count)d cards", len(chosen))
            return self._ask(request, chosen, form, "block_selected", title, _("Block"))
        cards.block_all(cards=chosen, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        said = ngettext("%(count)d card is blocked.", "%(count)d cards are blocked.", len(chosen))
        return self._done_all(
            request,
            chosen,
            _("Blocked. %(reason)s") % {"reason": form.cleaned_data["reason"]},
            said,
        )

    @admin.action(description=gettext_lazy("Unblock selected cards…"), permissions=["block"])
    def activate_selected(self, request: HttpRequest, queryset: QuerySet[RfidCard]) -> Any:
        """Ask for the reason, then accept each of the selected cards again."""
        form, chosen = _form(request, BulkReasonForm), list(queryset)
        if not form.is_valid():
            title = ngettext("Unblock %(count)d card", "Unblock %(count)d cards", len(chosen))
            return self._ask(request, chosen, form, "activate_selected", title, _("Unblock"))
        cards.activate_all(cards=chosen, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        said = ngettext("%(count)d card is active.", "%(count)d cards are active.", len(chosen))
        return self._done_all(
            request,
            chosen,
            _("Activated. %(reason)s") % {"reason": form.cleaned_data["reason"]},
            said,
        )

    @admin.action(
        description=gettext_lazy("Extend validity of selected cards…"), permissions=["block"]
    )
    def extend_selected(self, request: HttpRequest, queryset: QuerySet[RfidCard]) -> Any:
        """Ask until when and why, then extend each of the selected cards."""
        form, chosen = _form(request, BulkExtendForm), list(queryset)
        try:
            if form.is_valid():
                cards.extend_all(cards=chosen, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
                until: datetime | None = form.cleaned_data["valid_until"]
                log = _("Extended to %(until)s. %(reason)s") % {
                    "until": until,
                    "reason": form.cleaned_data["reason"],
                }
                said = ngettext("%(count)d card is set.", "%(count)d cards are set.", len(chosen))
                return self._done_all(request, chosen, log, said)
        except DomainError as error:
            form.add_error("valid_until", texts.localised(error.message))
        title = ngettext("Extend %(count)d card", "Extend %(count)d cards", len(chosen))
        return self._ask(request, chosen, form, "extend_selected", title, _("Extend"))

    def _done_all(
        self, request: HttpRequest, chosen: Sequence[RfidCard], log: str, said: str
    ) -> HttpResponse | None:
        for card in chosen:
            self.log_change(request, card, log)  # type: ignore[attr-defined]
        messages.success(request, said % {"count": len(chosen)})
        addresses = [after(request, chosen) for after in panels.aftermaths]
        address = next(filter(None, addresses), "")
        return HttpResponseRedirect(address) if address else None

    def _ask(
        self,
        request: HttpRequest,
        chosen: Sequence[RfidCard],
        form: forms.Form,
        action: str,
        title: str,
        submit: str,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": title % {"count": len(chosen)},
            "action": action,
            "submit": submit,
            "selected": chosen,
            "form": form,
        }
        return render(request, "admin/bulk.html", context)


def _form(request: HttpRequest, kind: type[forms.Form]) -> forms.Form:
    return kind(request.POST if "confirmed" in request.POST else None)
