"""RFID cards and card groups: find, add, describe, block and activate."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from cms.shared import display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ModelAdmin, RelatedFilter
from cms.shared.dialogs import DialogForm, dialog, leave
from rfid.models import CardGroup, CardStatus, RfidCard
from rfid.services import cards, groups

_TONES = {CardStatus.ACTIVE: "green", CardStatus.BLOCKED: "red"}


class BlockForm(DialogForm):
    """Why a card is blocked."""

    reason = forms.CharField(
        max_length=200, required=False, help_text="Lost, stolen, contract ended, …"
    )


class ActivateForm(DialogForm):
    """Only a question."""

    obj: RfidCard

    def prepare(self) -> None:
        """Say why it was blocked."""
        if self.obj.status_reason:
            self.warn(f"It was blocked: {self.obj.status_reason}")


class BulkBlockForm(forms.Form):
    """Why several cards are blocked."""

    reason = BlockForm.base_fields["reason"]


@admin.register(RfidCard)
class RfidCardAdmin(BigTableAdmin):
    """Who may charge. Cards are blocked, never deleted: sessions name them."""

    list_display = ("id_tag", "label", "state", "group", "user", "validity", "changed")
    list_display_links = ("id_tag",)
    list_select_related = ("group", "user")
    list_filter = (("status", ChoiceFilter), ("group", RelatedFilter))
    search_fields = ("id_tag__istartswith", "label__istartswith")
    search_help_text = "Id tag or label begins with …"
    ordering = ("-id",)
    actions = ["block_selected", "activate_selected"]
    actions_row = ["block", "activate"]
    actions_detail = ["block", "activate"]
    autocomplete_fields = ("group", "user")
    readonly_fields = ("state", "reason", "sessions", "review", "lists")
    add_fieldsets = (
        (None, {"fields": ("id_tag", "label", "group", ("valid_from", "valid_until"))}),
    )
    fieldsets = (
        (None, {"fields": ("id_tag", ("state", "reason"), ("sessions", "review", "lists"))}),
        ("Details", {"fields": ("label", "group", "user", "valid_from", "valid_until")}),
    )

    def get_urls(self) -> list[Any]:
        """Plus suggestions for the dialogs that ask for a card."""
        view = self.admin_site.admin_view(self.suggest)
        return [path("suggest/", view, name="rfid_rfidcard_suggest"), *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What the station reads from the card is the card: it stays."""
        return ("id_tag", *self.readonly_fields) if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: block it instead."""
        return False

    def has_block_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may block and activate."""
        return request.user.has_perm("rfid.change_rfidcard")

    def save_model(self, request: HttpRequest, obj: RfidCard, form: Any, change: bool) -> None:
        """Add a card, or change its description."""
        if change:
            cards.change(card=obj, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            obj.__dict__.update(cards.create(**form.cleaned_data).__dict__)

    @dialog(
        title="Block",
        permission="block",
        form=BlockForm,
        submit="Block",
        text="The card is refused from now on. What it is charging goes on until it is stopped.",
        icon="block",
        danger=True,
    )
    def block(self, request: HttpRequest, card: Any, form: Any) -> HttpResponse:
        """Refuse a card from now on."""
        cards.block(card=card, reason=form.cleaned_data["reason"])
        self.log_change(request, card, f"Blocked. {form.cleaned_data['reason']}".strip())
        messages.success(request, f"{card} is blocked.")
        return leave(request, display.page(card))

    @dialog(
        title="Activate",
        permission="block",
        form=ActivateForm,
        submit="Activate",
        text="The card is accepted again, within its validity.",
        icon="check_circle",
    )
    def activate(self, request: HttpRequest, card: Any, form: Any) -> HttpResponse:
        """Accept a card again."""
        cards.activate(card=card)
        self.log_change(request, card, "Activated.")
        messages.success(request, f"{card} is active.")
        return leave(request, display.page(card))

    @admin.action(description="Block selected cards…", permissions=["block"])
    def block_selected(
        self, request: HttpRequest, queryset: QuerySet[RfidCard]
    ) -> HttpResponse | None:
        """Ask for the reason, then block each of the selected cards."""
        form = BulkBlockForm(request.POST if "confirmed" in request.POST else None)
        selected = list(queryset)
        if not form.is_valid():
            return self._ask_reason(request, selected, form)
        for card in selected:
            cards.block(card=card, reason=form.cleaned_data["reason"])
            self.log_change(request, card, f"Blocked. {form.cleaned_data['reason']}".strip())
        messages.success(request, f"{len(selected)} cards are blocked.")
        return None

    def _ask_reason(
        self, request: HttpRequest, selected: list[RfidCard], form: forms.Form
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Block {len(selected)} cards",
            "action": "block_selected",
            "submit": "Block",
            "selected": selected,
            "form": form,
        }
        return render(request, "admin/bulk.html", context)

    @admin.action(description="Activate selected cards", permissions=["block"])
    def activate_selected(self, request: HttpRequest, queryset: QuerySet[RfidCard]) -> None:
        """Accept each of the selected cards again."""
        selected = list(queryset)
        for card in selected:
            cards.activate(card=card)
            self.log_change(request, card, "Activated.")
        messages.success(request, f"{len(selected)} cards are active.")

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """Cards whose id tag or label begins with what was typed, as options."""
        self.may_look(request)
        typed = request.GET.get("q", "").strip()
        begins = Q(id_tag__istartswith=typed) | Q(label__istartswith=typed)
        found = RfidCard.objects.filter(begins, status=CardStatus.ACTIVE)[:10] if typed else []
        options = [(card.id_tag, card.label) for card in found]
        return render(request, "admin/suggestions.html", {"options": options})

    @admin.display(description="State")
    def state(self, card: RfidCard) -> SafeString:
        """What an operator decided."""
        tone = _TONES.get(cast(CardStatus, card.status), "grey")
        return display.pill(card.get_status_display(), tone, card.status_reason)

    @admin.display(description="Reason")
    def reason(self, card: RfidCard) -> str | SafeString:
        """Why it is not active."""
        return card.status_reason or display.NOTHING

    @admin.display(description="Valid")
    def validity(self, card: RfidCard) -> str:
        """From when, until when."""
        ends = [("from", card.valid_from), ("until", card.valid_until)]
        parts = [f"{word} {timezone.localtime(at):%Y-%m-%d %H:%M}" for word, at in ends if at]
        return " ".join(parts) or "always"

    @admin.display(description="Changed")
    def changed(self, card: RfidCard) -> SafeString:
        """How long ago."""
        return display.ago(card.updated_at)

    @admin.display(description="Sessions")
    def sessions(self, card: RfidCard) -> SafeString:
        """A link to what it charged."""
        query = urlencode({"q": card.id_tag})
        address = f"{reverse('admin:stations_chargingsession_changelist')}?{query}"
        return format_html('<a class="vd-link" href="{}">{}</a>', address, "What it charged")

    @admin.display(description="Review")
    def review(self, card: RfidCard) -> SafeString:
        """A link to what there was and is to settle about its id tag."""
        query = urlencode({"q": card.id_tag})
        address = f"{reverse('admin:stations_reviewcase_changelist')}?{query}"
        return format_html('<a class="vd-link" href="{}">{}</a>', address, "Review queue")

    @admin.display(description="Local lists")
    def lists(self, card: RfidCard) -> SafeString:
        """A link to the lists it stands in, as stations acknowledged them."""
        query = urlencode({"card": card.id_tag})
        address = f"{reverse('admin:stations_locallist_changelist')}?{query}"
        return format_html('<a class="vd-link" href="{}">{}</a>', address, "Stations that have it")


@admin.register(CardGroup)
class CardGroupAdmin(ModelAdmin):
    """Cards that may act for each other."""

    list_display = ("name", "parent_id_tag", "members")
    search_fields = ("name__istartswith", "parent_id_tag__istartswith")
    search_help_text = "Name or parent id tag begins with …"
    fields = ("name", "parent_id_tag")

    def save_model(self, request: HttpRequest, obj: CardGroup, form: Any, change: bool) -> None:
        """Add a group, or change it."""
        groups.save(group=obj)

    def delete_model(self, request: HttpRequest, obj: CardGroup) -> None:
        """Forget a group."""
        groups.delete(group=obj)

    @admin.display(description="Cards")
    def members(self, group: CardGroup) -> SafeString:
        """A link to its cards."""
        address = f"{reverse('admin:rfid_rfidcard_changelist')}?group__id__exact={group.pk}"
        return format_html('<a class="vd-link" href="{}">{}</a>', address, "Show")
