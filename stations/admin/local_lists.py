"""Local lists: which cards stations accept by themselves, in step or behind; sending them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, dialogs, display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, WordFilter
from cms.shared.dialogs import DialogForm, dialog
from rfid.models import CardGroup
from stations import selectors
from stations.admin import cards, find
from stations.admin.forms import StationForm
from stations.models import ChargingStation, ListPolicy, ListState, LocalList
from stations.services import local_lists


def panel(station: ChargingStation) -> dict[str, Any]:
    """The list of ``station``, for its page."""
    row = selectors.local_lists().prefetch_related(None).filter(station=station).first()
    lists = reverse("admin:stations_locallist_changelist")
    return {
        "row": row,
        "step": step(row) if row else "",
        "size": row.content.size if row and row.content else display.NOTHING,
        "wanted": row.target.content.size if row and row.target else display.NOTHING,
        "left_out": row.target.left_out if row and row.target else 0,
        "lists_url": f"{lists}?{urlencode({'station': station.cp_id})}",
    }


def step(row: LocalList) -> SafeString:
    """Whether a list is in step with what it should hold."""
    if row.state == ListState.UNSUPPORTED:
        return display.pill(_("Not supported"), "grey", row.error)
    if row.policy == ListPolicy.OFF and not row.once:
        return display.pill(_("Off"), "grey")
    if row.in_step:
        return display.pill(_("In step"), "green")
    if row.error:
        return display.pill(_("Behind"), "red", row.error)
    return display.pill(_("Behind"), "amber", row.get_state_display())


class SendForm(StationForm):
    """Only what changed, or everything."""

    kind = forms.ChoiceField(
        label=lazy("Send"),
        choices=[
            ("Differential", lazy("What changed since it last answered")),
            ("Full", lazy("Everything")),
        ],
        widget=forms.RadioSelect,
    )

    def prepare(self) -> None:
        """What changed, where it is known what the station has."""
        super().prepare()
        row = selectors.local_lists().filter(station=self.obj).first()
        known = row is not None and row.state == ListState.KNOWN and row.content is not None
        self.fields["kind"].initial = "Differential" if known else "Full"
        if not known:
            self.warn(_("What the station has is not known, so everything has to be sent."))
        if row is None or row.policy == ListPolicy.OFF:
            self.warn(_("Its policy is Off: all cards are sent, once."))
        enabled = self.obj.configuration.filter(key__iexact="LocalAuthListEnabled").first()
        if enabled is not None and enabled.value.lower() == "false":
            self.warn(_("The station says LocalAuthListEnabled = false: it does not use its list."))


class PolicyForm(DialogForm):
    """Which cards the list shall hold."""

    obj: ChargingStation
    policy = forms.ChoiceField(
        label=lazy("Cards"), choices=lambda: ListPolicy.choices, widget=forms.RadioSelect
    )
    groups = forms.ModelMultipleChoiceField(
        CardGroup.objects.all(),
        label=lazy("Groups"),
        required=False,
        help_text=lazy("With “Cards of chosen groups”"),
    )

    def prepare(self) -> None:
        """As it is now."""
        row = LocalList.objects.filter(station=self.obj).first()
        self.fields["policy"].initial = row.policy if row else ListPolicy.OFF
        self.fields["groups"].initial = row.groups.all() if row else []


class BulkPolicyForm(DialogForm):
    """Which cards the lists of several stations shall hold."""

    stations = forms.CharField(
        label=lazy("Stations"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=lazy("Their identities, separated by spaces"),
    )
    policy = forms.ChoiceField(
        label=lazy("Cards"),
        choices=lambda: [one for one in ListPolicy.choices if one[0] != ListPolicy.GROUPS],
        widget=forms.RadioSelect,
    )

    def clean_stations(self) -> list[ChargingStation]:
        """Those named; one nobody knows is an error."""
        return find.all_named(self.cleaned_data["stations"], self.request.user)


class CardFilter(WordFilter):
    """By a card that stands in it, as the station acknowledged it."""

    title = lazy("card")
    parameter_name = "card"

    @staticmethod
    def matching(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Lists with this card."""
        return rows.filter(content__in=local_lists.contents_with(text))


class StationFilter(WordFilter):
    """By the station."""

    title = lazy("station")
    parameter_name = "station"

    @staticmethod
    def matching(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """The list of this station."""
        return rows.filter(station__in=ChargingStation.objects.named(text))


@admin.register(LocalList)
class LocalListAdmin(ReadOnlyAdmin, BigTableAdmin):
    """All stations' lists: what they should hold, and what they acknowledged."""

    list_display = ("of", "policy", "stands", "version", "entries", "acknowledged", "trouble")
    list_display_links = ("of",)
    list_select_related = ("station", "content", "target__content")
    list_filter = (("policy", ChoiceFilter), ("state", ChoiceFilter), StationFilter, CardFilter)
    search_fields = ("station__cp_id__istartswith",)
    search_help_text = lazy("Station begins with …")
    ordering = ("-id",)
    actions_list = ["several"]
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("at_station", "policy", "stands", "version", "entries", "no_room"),
                    *("acknowledged", "trouble"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[LocalList]:
        """Without what stands in them, which may be large."""
        rows: QuerySet[LocalList] = super().get_queryset(request)
        return rows.defer("content__entries", "target__content__entries").select_related(
            "station", "content", "target__content"
        )

    def get_urls(self) -> list[Any]:
        """Plus how chosen cards stand in them, as a page and as the part that renews itself."""
        view = self.admin_site.admin_view
        return [
            path("cards/", view(self.of_cards), name="stations_locallist_cards"),
            path("cards/live/", view(self.cards_live), name="stations_locallist_cards_live"),
            *super().get_urls(),
        ]

    def of_cards(self, request: HttpRequest) -> HttpResponse:
        """Which stations have acknowledged what chosen cards are."""
        self.may_look(request)
        title = {"title": _("Acknowledged by stations"), "opts": self.opts}
        site = self.admin_site.each_context(request)
        context = {**site, **title, **cards.shown(request, cards.chosen(request))}
        return render(request, "admin/stations/card_lists_page.html", context)

    def cards_live(self, request: HttpRequest) -> HttpResponse:
        """The part of it that renews itself."""
        self.may_look(request)
        context = cards.shown(request, cards.chosen(request))
        return render(request, "admin/stations/card_lists.html", context)

    def has_list_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may say which cards stand in them."""
        return request.user.has_perm("stations.change_locallist")

    @dialog(
        title=lazy("Cards in the lists of stations"),
        permission="list",
        form=BulkPolicyForm,
        submit=lazy("Save"),
        icon="playlist_add",
    )
    def several(self, request: HttpRequest, obj: Any, form: Any) -> HttpResponse:
        """Say for several stations which cards their lists shall hold."""
        local_lists.choose_for_all(
            stations=form.cleaned_data["stations"],
            policy=form.cleaned_data["policy"],
            at=clock.now(),
        )
        return dialogs.leave(request, reverse("admin:stations_locallist_changelist"))

    @admin.display(description=lazy("Station"))
    def of(self, row: LocalList) -> str:
        """Whose list."""
        return row.station.cp_id

    @admin.display(description=lazy("Station"))
    def at_station(self, row: LocalList) -> SafeString:
        """Whose list, with a link."""
        return display.link(row.station)

    @admin.display(description=lazy("State"))
    def stands(self, row: LocalList) -> SafeString:
        """In step or behind."""
        return step(row)

    @admin.display(description=lazy("Entries"))
    def entries(self, row: LocalList) -> str:
        """Acknowledged of wanted."""
        has = row.content.size if row.content else "?"
        return (
            _("%(has)s of %(size)s") % {"has": has, "size": row.target.content.size}
            if row.target
            else str(has)
        )

    @admin.display(description=lazy("Without room"))
    def no_room(self, row: LocalList) -> int:
        """Cards that should stand in it but find no room."""
        return row.target.left_out if row.target else 0

    @admin.display(description=lazy("Acknowledged"))
    def acknowledged(self, row: LocalList) -> SafeString:
        """When the station last took an update."""
        return display.ago(row.acknowledged_at)

    @admin.display(description=lazy("Trouble"))
    def trouble(self, row: LocalList) -> str | SafeString:
        """What went wrong last."""
        return row.error or display.NOTHING
