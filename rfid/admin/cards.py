"""RFID cards: find, add, describe them; what they were used for, what was done with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import clock, display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, RelatedFilter
from rfid.admin import drivers, exports, numbers, panels, tabs
from rfid.admin.dialogs import CardActions
from rfid.admin.panels import Tool, Use
from rfid.models import CardStatus, RfidCard
from rfid.services import cards

_TONES = {CardStatus.ACTIVE: "green", CardStatus.BLOCKED: "red"}
_USED_IN = timedelta(days=30)
_CHANGES = 20


@admin.register(RfidCard)
class RfidCardAdmin(CardActions, BigTableAdmin):
    """Who may charge. Cards are blocked, never deleted: sessions name them."""

    list_display = ("number", "label", "driver", "group", "state", "until", "last_use", "used")
    list_display_links = ("number",)
    list_select_related = ("group", "user")
    list_filter = (tabs.TabFilter, ("status", ChoiceFilter), ("group", RelatedFilter))
    list_before_template = "admin/rfid/card_tabs.html"
    search_fields = ("id_tag__istartswith", "label__istartswith")
    search_help_text = gettext_lazy("Id tag or label begins with …")
    ordering = ("-id",)
    actions = ["block_selected", "activate_selected", "extend_selected"]
    actions_row = ["block", "activate", "extend"]
    actions_detail = ["block", "activate", "extend"]
    autocomplete_fields = ("group", "user")
    readonly_fields = ("number", "state", "reason", "sessions", "review", "lists")
    change_form_outer_after_template = "admin/rfid/card_tail.html"
    add_fieldsets = (
        (None, {"fields": ("id_tag", "label", "group", "user", ("valid_from", "valid_until"))}),
    )
    fieldsets = (
        (None, {"fields": ("number", ("state", "reason"), ("sessions", "review", "lists"))}),
        (
            gettext_lazy("Details"),
            {"fields": ("label", "group", "user", "valid_from", "valid_until")},
        ),
    )

    class Media:
        css = {"all": ("voltdesk/cards.css",)}

    def get_urls(self) -> list[Any]:
        """Plus suggestions for dialogs, of a card and of whose it is; and the list as a file."""
        view = self.admin_site.admin_view
        return [
            path("suggest/", view(self.suggest), name="rfid_rfidcard_suggest"),
            path("drivers/", view(self.drivers), name="rfid_rfidcard_drivers"),
            path("export/", view(self.export), name="rfid_rfidcard_export"),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the station reads from the card is the card: it is asked for once, and stays."""
        return self.fieldsets if obj else self.add_fieldsets

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Block what may charge, unblock what may not."""
        actions: list[Any] = super().get_actions_detail(request, object_id)
        card = self.get_object(request, str(object_id))
        is_active = card is not None and card.status == CardStatus.ACTIVE
        other = "activate" if is_active else "block"
        return [action for action in actions if not action.action_name.endswith(f"_{other}")]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RfidCard], search_term: str
    ) -> tuple[QuerySet[RfidCard], bool]:
        """By how tag or label begin; who may not see numbers has to know the whole one."""
        if numbers.may_see(request.user) or not search_term.strip():
            return super().get_search_results(request, queryset, search_term)
        tag = Q(folded=Upper(Value(search_term.strip())))
        begins = Q(label__istartswith=search_term.strip())
        return queryset.alias(folded=Upper("id_tag")).filter(tag | begins), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the tabs above it and what the cards of the page were used for."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if changes := context.get("cl"):
            context |= tabs.strip(request, chosen=request.GET.get("tab", ""))
            at, rows = clock.now(), list(changes.result_list)
            found = panels.uses(request, [card.pk for card in rows], at - _USED_IN, at)
            for card in rows:
                card.use = found.get(card.pk, Use())
            changes.result_list = rows
        return response

    def around(self, request: HttpRequest, row: RfidCard) -> dict[str, Any]:
        """What apps above know of it, and what was done with it."""
        return {
            "card_panels": [panel(request, row) for panel in panels.panels],
            "card_history": _history(row),
        }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: block it instead."""
        return False

    def save_model(self, request: HttpRequest, obj: RfidCard, form: Any, change: bool) -> None:
        """Add a card, or change its description."""
        by: Any = request.user
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            cards.change(card=cards.find(obj.id_tag) or obj, by=by, **changed)
        else:
            obj.__dict__.update(cards.create(by=by, **form.cleaned_data).__dict__)

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """Cards whose id tag or label begins with what was typed, as options."""
        self.may_look(request)
        typed = request.GET.get("q", "").strip()
        begins = Q(label__istartswith=typed)
        if numbers.may_see(request.user):
            begins |= Q(id_tag__istartswith=typed)
        found = RfidCard.objects.filter(begins, status=CardStatus.ACTIVE)[:10] if typed else []
        options = [(card.id_tag, card.label) for card in found]
        return render(request, "admin/suggestions.html", {"options": options})

    def drivers(self, request: HttpRequest) -> HttpResponse:
        """People whose user name or e-mail address begins with what was typed, as options."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        options = drivers.suggested(request.GET.get("q", "").strip())
        return render(request, "admin/suggestions.html", {"options": options})

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the file shall have; and the file, where the address says all of it."""
        self.may_look(request)
        form = exports.form(request)
        if form.is_valid():
            return exports.file(request, form.cleaned_data)
        site = self.admin_site.each_context(request)
        shown = {"title": _("Export of cards"), "opts": self.opts, "form": form}
        context = {**site, **shown, "in_full": numbers.may_see(request.user)}
        return render(request, "admin/rfid/export.html", context)

    @admin.display(description=gettext_lazy("Number"))
    def number(self, card: RfidCard) -> SafeString:
        """In groups, or its last characters."""
        return numbers.shown(card.id_tag, in_full=numbers.in_full())

    @admin.display(description=gettext_lazy("Driver"))
    def driver(self, card: RfidCard) -> str | SafeString:
        """Whose it is."""
        return drivers.named(card.user) if card.user else display.NOTHING

    @admin.display(description=gettext_lazy("State"))
    def state(self, card: RfidCard) -> SafeString:
        """What an operator decided, and whether its time is over."""
        if card.status == CardStatus.ACTIVE and card.valid_until and card.valid_until < clock.now():
            return display.pill(_("Expired"), "amber", display.exact(card.valid_until))
        tone = _TONES.get(cast(CardStatus, card.status), "grey")
        return display.pill(card.get_status_display(), tone, card.status_reason)

    @admin.display(description=gettext_lazy("Reason"))
    def reason(self, card: RfidCard) -> str | SafeString:
        """Why it is not active."""
        return card.status_reason or display.NOTHING

    @admin.display(description=gettext_lazy("Valid until"))
    def until(self, card: RfidCard) -> SafeString:
        """Until when, with its beginning where that is still to come."""
        if card.valid_from and card.valid_from > clock.now():
            return format_html("{} → {}", _day(card.valid_from), _end(card))
        return _end(card)

    @admin.display(description=gettext_lazy("Last use"))
    def last_use(self, card: RfidCard) -> SafeString | str:
        """When and where."""
        return getattr(card, "use", Use()).last or display.NOTHING

    @admin.display(description=gettext_lazy("30 days"))
    def used(self, card: RfidCard) -> SafeString:
        """Sessions and energy."""
        use = getattr(card, "use", Use())
        if not use.sessions:
            return display.NOTHING
        energy = display.number(use.energy_wh / 1000, "kWh")
        return format_html(
            '<span class="vd-two"><span class="vd-number">{}</span><small>{}</small></span>',
            f"{use.sessions:,} ×",
            energy,
        )

    @admin.display(description=gettext_lazy("Sessions"))
    def sessions(self, card: RfidCard) -> SafeString:
        """A link to what it charged."""
        return _linked("stations_chargingsession", _("What it charged"), q=card.id_tag)

    @admin.display(description=gettext_lazy("Review"))
    def review(self, card: RfidCard) -> SafeString:
        """A link to what there was and is to settle about its id tag."""
        return _linked("stations_reviewcase", _("Review queue"), q=card.id_tag)

    @admin.display(description=gettext_lazy("Local lists"))
    def lists(self, card: RfidCard) -> SafeString:
        """A link to the lists it stands in, as stations acknowledged them."""
        return _linked("stations_locallist", _("Stations that have it"), card=card.id_tag)


def _linked(model: str, text: str, **query: str) -> SafeString:
    """A link that names the number, for whom may see it."""
    if not numbers.in_full():
        return display.NOTHING
    address = f"{reverse(f'admin:{model}_changelist')}?{urlencode(query)}"
    return format_html('<a class="vd-link" href="{}">{}</a>', address, text)


def _end(card: RfidCard) -> SafeString:
    return _day(card.valid_until) if card.valid_until else format_html("{}", _("for good"))


def _day(moment: datetime) -> SafeString:
    """A day as the reader writes it, with the exact time on hover."""
    return format_html(
        '<time class="vd-time" datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        display.exact(moment),
        date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT"),
    )


def _history(card: RfidCard) -> list[dict[str, Any]]:
    return [
        {
            "when": display.when(row.at),
            "what": row.get_kind_display(),
            "by": row.by_name or display.NOTHING,
            "reason": row.reason,
            "changes": [(name, *_words(pair)) for name, pair in row.changes.items()],
        }
        for row in card.history.all()[:_CHANGES]
    ]


def _words(pair: list[Any]) -> list[Any]:
    return [display.NOTHING if value in (None, "") else value for value in pair]


def _tool(request: HttpRequest) -> Tool:
    return Tool(_("Export…"), reverse("admin:rfid_rfidcard_export"))


panels.tools.append(_tool)
