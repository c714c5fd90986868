"""Enrolling a card by tapping it: pick a station, present the card there, say whose it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import clock, display, scoping
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin
from cms.shared.dialogs import DialogForm, dialog, leave
from rfid.admin import numbers, panels
from rfid.admin.panels import Tool
from stations.admin.adopting import AdoptForm
from stations.admin.forms import SuggestInput
from stations.models import CaptureState, CardCapture, ChargingStation
from stations.services import adoption, captures

_TONES = {
    CaptureState.WAITING: "blue",
    CaptureState.CAPTURED: "amber",
    CaptureState.ADOPTED: "green",
}


class WaitForm(DialogForm):
    """At which station."""

    station = forms.CharField(
        label=gettext_lazy("Station"),
        max_length=100,
        widget=SuggestInput("stations_chargingstation_suggest"),
        help_text=gettext_lazy("Its identity; it has to be connected"),
    )

    def prepare(self) -> None:
        """From the page of a station, that one."""
        self.fields["station"].initial = self.request.GET.get("station", "")

    def clean_station(self) -> ChargingStation:
        """The station. Raises ValidationError where there is none."""
        name = self.cleaned_data["station"]
        stations = scoping.visible(self.request.user, ChargingStation.objects.named(name))
        station = stations.first()
        if station is None:
            raise ValidationError(_("There is no station %(name)s.") % {"name": name})
        return station


@admin.register(CardCapture)
class CardCaptureAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Who waited where for a card, and what came of it."""

    list_display = ("capture", "state_shown", "number", "by", "asked")
    list_display_links = ("capture",)
    list_select_related = ("station", "card")
    list_filter = (("state", ChoiceFilter),)
    search_fields = ("station__cp_id__istartswith",)
    search_help_text = gettext_lazy("Station begins with …")
    ordering = ("-id",)
    actions_list = ["wait"]
    actions_detail = ["adopt", "cancel"]
    change_form_outer_before_template = "admin/stations/capture.html"
    fieldsets = ((None, {"fields": (("capture", "state_shown"), ("by", "asked"))}),)

    class Media:
        css = {"all": ("voltdesk/cards.css",)}
        js = ("voltdesk/cards.js",)

    def get_urls(self) -> list[Any]:
        """Plus the part of the page that renews itself."""
        view = self.admin_site.admin_view(self.live)
        return [
            path("<int:pk>/live/", view, name="stations_cardcapture_live"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CardCapture]:
        """With what its page shows."""
        rows: QuerySet[CardCapture] = super().get_queryset(request)
        return rows.select_related("station", "card", "known_card")

    def has_enrol_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may wait for cards, and add them."""
        return may_enrol(request)

    @dialog(
        title=gettext_lazy("Enrol by tapping"),
        permission="enrol",
        form=WaitForm,
        submit=gettext_lazy("Wait for the card"),
        text=gettext_lazy(
            "The next card that is presented at the station and that nobody knows is yours. "
            "The station refuses it this first time."
        ),
        icon="contactless",
    )
    def wait(self, request: HttpRequest, obj: Any, form: Any) -> HttpResponse:
        """Wait at a station."""
        by: Any = request.user
        capture = captures.wait(station=form.cleaned_data["station"], by=by, at=clock.now())
        return leave(request, display.page(capture))

    @dialog(
        title=gettext_lazy("Cancel"),
        permission="enrol",
        submit=gettext_lazy("Wait no longer"),
        text=gettext_lazy("A card that is presented from now on is not captured."),
        icon="close",
    )
    def cancel(self, request: HttpRequest, capture: Any, form: Any) -> HttpResponse:
        """Wait no longer."""
        captures.cancel(capture=capture)
        return leave(request, display.page(capture))

    @dialog(
        title=gettext_lazy("Adopt the card"),
        permission="enrol",
        form=AdoptForm,
        submit=gettext_lazy("Adopt"),
        icon="add_card",
        look="primary",
    )
    def adopt(self, request: HttpRequest, capture: Any, form: Any) -> HttpResponse:
        """Make the card one of ours."""
        card = adoption.adopt_captured(
            capture_id=capture.pk, who=form.who(), at=clock.now(), **form.described()
        )
        messages.success(request, _("%(card)s may charge.") % {"card": card})
        return leave(request, display.page(card))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """None beside the title: what fits stands where one looks."""
        return []

    def around(self, request: HttpRequest, capture: CardCapture) -> dict[str, Any]:
        """What is to be done now."""
        return _shown(request, capture)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part that renews itself."""
        capture = self.found(request, str(pk))
        return render(request, "admin/stations/capture.html", _shown(request, capture))

    @admin.display(description=gettext_lazy("Enrolment"))
    def capture(self, row: CardCapture) -> str:
        """Number and station."""
        return str(row)

    @admin.display(description=gettext_lazy("State"))
    def state_shown(self, row: CardCapture) -> SafeString:
        """What became of it."""
        state = row.state_at(clock.now())
        return display.pill(str(state.label), _TONES.get(state, "grey"))

    @admin.display(description=gettext_lazy("Card"))
    def number(self, row: CardCapture) -> SafeString:
        """What was made of it."""
        return display.link(row.card)

    @admin.display(description=gettext_lazy("By"))
    def by(self, row: CardCapture) -> str:
        """Who waited."""
        return row.asked_by_name

    @admin.display(description=gettext_lazy("Asked"))
    def asked(self, row: CardCapture) -> SafeString:
        """When."""
        return display.ago(row.asked_at)


def may_enrol(request: HttpRequest) -> bool:
    """Whether somebody may wait for cards, and add them."""
    needed = ["stations.add_cardcapture", "stations.view_cardcapture", "rfid.add_rfidcard"]
    return request.user.has_perms(needed)


def _shown(request: HttpRequest, capture: CardCapture) -> dict[str, Any]:
    at = clock.now()
    in_full = numbers.may_see(request.user)
    return {
        "capture": capture,
        "capture_state": capture.state_at(at).value,
        "seconds_left": max(0, int((capture.expires_at - at).total_seconds()) + 1),
        "capture_number": numbers.shown(capture.id_tag, in_full=in_full) if capture.id_tag else "",
        "known": display.link(capture.known_card) if capture.known_card else "",
        "made": display.link(capture.card) if capture.card else "",
        "may_enrol": may_enrol(request),
        "again_url": f"{reverse('admin:stations_cardcapture_wait')}?station={capture.station}",
        "live_url": reverse("admin:stations_cardcapture_live", args=[capture.pk]),
    }


def _tool(request: HttpRequest) -> Tool | None:
    address = reverse("admin:stations_cardcapture_wait")
    return Tool(_("Enrol by tapping…"), address, in_dialog=True) if may_enrol(request) else None


panels.tools.append(_tool)
