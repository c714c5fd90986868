"""Reservations: the list, the dialogs that make and cancel one, and the station's answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from cms.shared import clock, display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter
from cms.shared.dialogs import DialogForm, dialog
from rfid.services import cards
from stations.admin import find, progress, words
from stations.admin.forms import SuggestInput, id_tag_field
from stations.models import ChargingStation, Reservation
from stations.models.reservations import HOLDING
from stations.services import reservations


class ReserveForm(DialogForm):
    """What, for whom, how long. The station is asked for only where the page is not its own."""

    station = forms.CharField(
        max_length=100,
        widget=SuggestInput("stations_chargingstation_suggest"),
        help_text="Its identity",
    )
    connector_id = forms.IntegerField(
        label="Connector",
        initial=0,
        min_value=0,
        max_value=1000,
        help_text="Its number; 0: any, if the station supports that",
    )
    id_tag = id_tag_field()
    group = forms.BooleanField(
        label="Its group may use it, too",
        required=False,
        help_text="Any card of the same card group (parentIdTag)",
    )
    minutes = forms.IntegerField(
        label="For how many minutes", initial=30, min_value=1, max_value=10080
    )

    def prepare(self) -> None:
        """On a station's page, that station."""
        if isinstance(self.obj, ChargingStation):
            del self.fields["station"]
            asked = self.request.GET.get("connector", "")
            if asked.isdigit():
                self.fields["connector_id"].initial = int(asked)
            if not self.obj.connection_id:
                self.refuse(f"{self.obj} is offline. Nothing is sent, and nothing is queued.")

    def clean(self) -> dict[str, Any]:
        """With ``parent_id_tag``: the group's tag, where its cards may use the reservation."""
        cleaned = self.cleaned_data
        cleaned["parent_id_tag"] = ""
        if cleaned.get("group") and cleaned.get("id_tag"):
            card = cards.find(cleaned["id_tag"])
            cleaned["parent_id_tag"] = card.group.parent_id_tag if card and card.group else ""
            if not cleaned["parent_id_tag"]:
                self.add_error("group", "The card belongs to no group.")
        return cleaned

    def clean_station(self) -> ChargingStation:
        """The station with that identity."""
        found = ChargingStation.objects.named(self.cleaned_data["station"].strip()).first()
        if found is None:
            raise forms.ValidationError("There is no station with this identity.")
        return found


def reserve_from(model_admin: Any, request: HttpRequest, form: ReserveForm) -> HttpResponse:
    """Make the reservation the form describes, and show what becomes of it."""
    at = clock.now()
    wanted = form.cleaned_data
    reservation = reservations.reserve(
        station=wanted.get("station") or form.obj,
        connector_id=wanted["connector_id"],
        id_tag=wanted["id_tag"],
        expires_at=at + timedelta(minutes=wanted["minutes"]),
        at=at,
        requested_by_id=request.user.pk,
        parent_id_tag=wanted["parent_id_tag"],
        idempotency_key=form.idempotency_key(),
    )
    assert reservation.command is not None
    return progress.respond(model_admin, request, form.obj, reservation.command)


class CancelForm(DialogForm):
    """Only a question."""

    obj: Reservation

    def prepare(self) -> None:
        """Say why it cannot be cancelled, if so."""
        if self.obj.status not in HOLDING:
            self.refuse(f"It is over already: {self.obj.get_status_display()}.")
        elif not self.obj.station.connection_id:
            self.refuse(f"{self.obj.station} is offline. Nothing is sent, and nothing is queued.")


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Connectors kept for cards."""

    list_display = ("number", "state", "at_station", "outlet", "id_tag", "until", "asked", "by")
    list_display_links = ("number",)
    list_select_related = ("station", "connector", "requested_by")
    list_filter = (("status", ChoiceFilter), ("station", RelatedFilter))
    search_fields = ("reservation_id",)
    search_help_text = "Number, id tag, or identity of a station begins with …"
    actions_list = ["reserve"]
    actions_row = ["cancel"]
    actions_detail = ["cancel"]
    change_form_outer_before_template = "admin/stations/command_head.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state", "why"),
                    ("at_station", "outlet"),
                    ("id_tag", "parent_id_tag"),
                    ("expires", "ended"),
                    ("asked", "by"),
                    ("of_session", "of_command"),
                )
            },
        ),
    )

    def has_reserve_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may reserve."""
        return request.user.has_perm("stations.add_reservation")

    def has_cancel_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may give a reservation up."""
        return request.user.has_perm("stations.change_reservation")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Reservation], search_term: str
    ) -> tuple[QuerySet[Reservation], bool]:
        """By number or id tag, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        return find.by_number_tag_or_station(queryset, text), False

    @dialog(
        title="Reserve",
        permission="reserve",
        form=ReserveForm,
        submit="Reserve",
        icon="event_available",
    )
    def reserve(self, request: HttpRequest, obj: None, form: Any) -> HttpResponse:
        """Keep a connector for a card."""
        return reserve_from(self, request, form)

    @dialog(
        title="Cancel",
        permission="cancel",
        form=CancelForm,
        submit="Cancel the reservation",
        text="The station is asked to give the connector free again.",
        icon="event_busy",
        danger=True,
    )
    def cancel(self, request: HttpRequest, reservation: Any, form: Any) -> HttpResponse:
        """Give it up."""
        command = reservations.cancel(
            reservation=reservation,
            at=clock.now(),
            requested_by_id=request.user.pk,
            idempotency_key=form.idempotency_key(),
        )
        return progress.respond(self, request, reservation, command)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The facts, with the station's answer on top."""
        reservation = self.get_object(request, object_id)
        shown: dict[str, Any] = {}
        if reservation and reservation.command:
            shown = {"progress": progress.of(reservation.command, at=clock.now())}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    @admin.display(description="Reservation")
    def number(self, row: Reservation) -> str:
        """OCPP's reservationId."""
        return f"#{row.pk}"

    @admin.display(description="State")
    def state(self, row: Reservation) -> SafeString:
        """Where it stands."""
        return words.reservation(row)

    @admin.display(description="Why")
    def why(self, row: Reservation) -> str | SafeString:
        """The reason, where there is one."""
        return row.status_reason or display.NOTHING

    @admin.display(description="Station")
    def at_station(self, row: Reservation) -> SafeString:
        """Where."""
        return display.link(row.station)

    @admin.display(description="Connector")
    def outlet(self, row: Reservation) -> str:
        """Its number, or any."""
        return str(row.connector.connector_id or "any")

    @admin.display(description="Until")
    def until(self, row: Reservation) -> SafeString:
        """When it ends, in or ago."""
        return display.ago(row.expires_at)

    @admin.display(description="Until")
    def expires(self, row: Reservation) -> SafeString:
        """Exactly."""
        return display.when(row.expires_at)

    @admin.display(description="Over since")
    def ended(self, row: Reservation) -> SafeString:
        """Exactly."""
        return display.when(row.ended_at)

    @admin.display(description="Asked")
    def asked(self, row: Reservation) -> SafeString:
        """When."""
        return display.ago(row.requested_at)

    @admin.display(description="Asked by")
    def by(self, row: Reservation) -> object:
        """The person, or nobody where the station made it itself."""
        return row.requested_by or display.NOTHING

    @admin.display(description="Used by")
    def of_session(self, row: Reservation) -> SafeString:
        """The session that began on it."""
        return display.link(row.session)

    @admin.display(description="Asked with")
    def of_command(self, row: Reservation) -> SafeString:
        """The command."""
        return display.link(row.command)
