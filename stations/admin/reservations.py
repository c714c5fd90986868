"""Reservations: the list, the dialogs that make and cancel one, and the station's answer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter
from cms.shared.dialogs import dialog
from rfid.admin import numbers
from stations.admin import find, progress, reservation_days, words
from stations.admin.reservation_forms import CancelForm, ReserveForm
from stations.models import Reservation
from stations.services import reservations


def reserve_from(model_admin: Any, request: HttpRequest, form: ReserveForm) -> HttpResponse:
    """Make the reservation the form describes, and show what becomes of it."""
    at = clock.now()
    wanted = form.cleaned_data
    reservation = reservations.reserve(
        station=wanted.get("station") or form.obj,
        connector_id=wanted["connector_id"],
        id_tag=wanted["id_tag"],
        expires_at=form.expires_at(at),
        at=at,
        requested_by_id=request.user.pk,
        parent_id_tag=wanted["parent_id_tag"],
        idempotency_key=form.idempotency_key(),
    )
    assert reservation.command is not None
    return progress.respond(model_admin, request, form.obj, reservation.command)


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Connectors kept for cards."""

    list_display = ("number", "state", "at_station", "outlet", "card", "until", "asked", "by")
    list_display_links = ("number",)
    list_select_related = ("station", "connector", "requested_by")
    list_filter = (("status", ChoiceFilter), ("station", RelatedFilter))
    search_fields = ("reservation_id",)
    search_help_text = lazy("Number, id tag, or identity of a station begins with …")
    actions_list = ["reserve"]
    actions_row = ["cancel"]
    actions_detail = ["cancel"]
    list_before_template = "admin/stations/reservation_list.html"
    change_form_outer_before_template = "admin/stations/command_head.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state", "why"),
                    ("at_station", "outlet"),
                    ("card", "parent"),
                    ("expires", "ended"),
                    ("asked", "by"),
                    ("of_session", "of_command"),
                )
            },
        ),
    )

    def get_urls(self) -> list[Any]:
        """Plus the reservations of a day."""
        view = self.admin_site.admin_view
        return [path("day/", view(self.day), name="stations_reservation_day"), *super().get_urls()]

    def day(self, request: HttpRequest) -> HttpResponse:
        """Who keeps which connector on a day; asked for by htmx, the part that renews itself."""
        self.may_look(request)
        may_cancel = self.has_cancel_permission(request)
        shown = reservation_days.page(request, self.get_queryset(request), may_cancel)
        if request.headers.get("HX-Request") == "true":
            return render(request, "admin/stations/reservation_day_live.html", shown)
        reserve = reverse("admin:stations_reservation_reserve")
        around = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "reserve_url": reserve if self.has_reserve_permission(request) else "",
            "list_url": reverse("admin:stations_reservation_changelist"),
        }
        return render(request, "admin/stations/reservation_day.html", {**around, **shown})

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
        title=lazy("Reserve"),
        permission="reserve",
        form=ReserveForm,
        submit=lazy("Reserve"),
        icon="event_available",
    )
    def reserve(self, request: HttpRequest, obj: None, form: Any) -> HttpResponse:
        """Keep a connector for a card."""
        return reserve_from(self, request, form)

    @dialog(
        title=lazy("Cancel"),
        permission="cancel",
        form=CancelForm,
        submit=lazy("Cancel the reservation"),
        text=lazy("The station is asked to give the connector free again."),
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

    def around(self, request: HttpRequest, reservation: Reservation) -> dict[str, Any]:
        """The facts, with the station's answer on top."""
        command = reservation.command
        return {"progress": progress.of(command, at=clock.now())} if command else {}

    @admin.display(description=lazy("Reservation"))
    def number(self, row: Reservation) -> str:
        """OCPP's reservationId."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def state(self, row: Reservation) -> SafeString:
        """Where it stands."""
        return words.reservation(row)

    @admin.display(description=lazy("Why"))
    def why(self, row: Reservation) -> str | SafeString:
        """The reason, where there is one."""
        return row.status_reason or display.NOTHING

    @admin.display(description=lazy("Station"))
    def at_station(self, row: Reservation) -> SafeString:
        """Where."""
        return display.link(row.station)

    @admin.display(description=lazy("Connector"))
    def outlet(self, row: Reservation) -> str:
        """Its number, or any."""
        return str(row.connector.connector_id or "any")

    @admin.display(description=lazy("Id tag"))
    def card(self, row: Reservation) -> str | SafeString:
        """Whom it is for."""
        return numbers.cell(row.id_tag)

    @admin.display(description=lazy("Parent id tag"))
    def parent(self, row: Reservation) -> str | SafeString:
        """Whose cards may use it as well."""
        return numbers.cell(row.parent_id_tag)

    @admin.display(description=lazy("Until"))
    def until(self, row: Reservation) -> SafeString:
        """When it ends, in or ago."""
        return display.ago(row.expires_at)

    @admin.display(description=lazy("Until"))
    def expires(self, row: Reservation) -> SafeString:
        """Exactly."""
        return display.when(row.expires_at)

    @admin.display(description=lazy("Over since"))
    def ended(self, row: Reservation) -> SafeString:
        """Exactly."""
        return display.when(row.ended_at)

    @admin.display(description=lazy("Asked"))
    def asked(self, row: Reservation) -> SafeString:
        """When."""
        return display.ago(row.requested_at)

    @admin.display(description=lazy("Asked by"))
    def by(self, row: Reservation) -> object:
        """The person, or nobody where the station made it itself."""
        return row.requested_by or display.NOTHING

    @admin.display(description=lazy("Used by"))
    def of_session(self, row: Reservation) -> SafeString:
        """The session that began on it."""
        return display.link(row.session)

    @admin.display(description=lazy("Asked with"))
    def of_command(self, row: Reservation) -> SafeString:
        """The command."""
        return display.link(row.command)
