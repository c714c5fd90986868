"""Sessions: the list, and a page with the facts, the last meter values and Stop."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cms.shared import display
from cms.shared.admin import (
    BigTableAdmin,
    ChoiceFilter,
    FixedFilter,
    ReadOnlyAdmin,
    RelatedFilter,
    TimeFilter,
)
from cms.shared.dialogs import DialogForm, dialog
from stations.admin import evidence, find, words
from stations.admin.actions import ask
from stations.admin.forms import describe
from stations.models import ChargingSession

_READINGS = 100


class ReviewFilter(FixedFilter):
    """By whether somebody should look at it."""

    title = "needs review"
    parameter_name = "needs_review"
    options = (("1", "Needs review"), ("0", "Fine"))


class StartedFilter(TimeFilter):
    """By when it began."""

    title = "started"

    @staticmethod
    def since(rows: QuerySet[ChargingSession], moment: datetime) -> QuerySet[ChargingSession]:
        """Began after ``moment``."""
        return rows.filter(started_at__gte=moment)


class StopForm(DialogForm):
    """Only a question: which session it is stands on the page."""

    obj: ChargingSession

    def prepare(self) -> None:
        """Say what ends, or why it cannot."""
        if not self.obj.is_open:
            self.refuse(f"Session {self.obj.pk} is not under way any more.")
        elif not self.obj.station.connection_id:
            self.refuse(f"{self.obj.station} is offline. Nothing is sent, and nothing is queued.")
        else:
            self.warn(f"It ends {describe(self.obj)}")


def _cases(request: HttpRequest, session: ChargingSession) -> str:
    """What was and is to settle about it, where there is anything and one may see it."""
    if not request.user.has_perm("stations.view_reviewcase"):
        return ""
    case = session.review_cases.order_by("state", "-id").first()
    return display.page(case) if case else ""


@admin.register(ChargingSession)
class SessionAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What stations charged; corrected by nobody, stopped by those who may."""

    list_display = (
        "number",
        "state",
        "at_station",
        "outlet",
        "who",
        "energy",
        "length",
        "started",
    )
    list_display_links = ("number",)
    ordering_in_range = ("-started_at", "-transaction_id")
    list_select_related = ("station", "connector", "card")
    list_filter = (
        StartedFilter,
        ("status", ChoiceFilter),
        ReviewFilter,
        ("station", RelatedFilter),
    )
    search_fields = ("transaction_id",)
    search_help_text = "Number, id tag, or identity of a station begins with …"
    actions_detail = ["stop"]
    change_form_outer_before_template = "admin/stations/session_head.html"
    change_form_outer_after_template = "admin/stations/session_tail.html"
    fieldsets = (
        (
            "Start and end",
            {
                "fields": (
                    ("began", "began_raw"),
                    ("ended", "ended_raw"),
                    ("length", "reason"),
                )
            },
        ),
        (
            "Meter",
            {"fields": (("start_register", "end_register"), ("energy", "last_reading"))},
        ),
        (
            "Card",
            {"fields": (("who", "authorization"), ("stopped_by", "reported"), "billable")},
        ),
    )

    def has_send_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may send commands."""
        return request.user.has_perm("stations.add_command")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ChargingSession], search_term: str
    ) -> tuple[QuerySet[ChargingSession], bool]:
        """By number or id tag, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        return find.by_number_tag_or_station(queryset, text), False

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Stop only while it is under way."""
        number = find.number(str(object_id)) or 0
        if not ChargingSession.objects.filter(pk=number, status="Active").exists():
            return []
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return actions

    @dialog(
        title="Stop",
        permission="send",
        form=StopForm,
        submit="Stop charging",
        icon="stop",
        danger=True,
    )
    def stop(self, request: HttpRequest, session: Any, form: Any) -> HttpResponse:
        """End it."""
        payload = {"transactionId": session.pk}
        return ask(self, request, session.station, form, "RemoteStopTransaction", payload)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The facts, with the last meter values below."""
        session = self.get_object(request, object_id)
        shown = self._shown(request, session) if session else {}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    def _shown(self, request: HttpRequest, session: ChargingSession) -> dict[str, Any]:
        may = request.user.has_perm("stations.view_metervalue")
        all_readings = reverse("admin:stations_metervalue_changelist")
        readings = session.meter_values.defer("raw").order_by("-sampled_at", "-id")
        return {
            "session": session,
            "state": words.session(session),
            "review": words.review(session),
            "review_url": _cases(request, session),
            "energy": display.kwh(session.energy_wh),
            "power": display.kw(session.power_w) if session.is_open else "",
            "charge": display.number(session.soc_percent, "%", 0),
            "length": words.session_length(session),
            "station_link": display.link(session.station),
            "outlet": self.outlet(session),
            "readings": [evidence.reading(row) for row in readings[:_READINGS]] if may else None,
            "readings_url": f"{all_readings}?session={session.pk}",
        }

    @admin.display(description="Session")
    def number(self, row: ChargingSession) -> SafeString:
        """Its transaction id."""
        return format_html("#{}", row.pk)

    @admin.display(description="State")
    def state(self, row: ChargingSession) -> SafeString:
        """Where it stands."""
        return words.session(row)

    @admin.display(description="Station")
    def at_station(self, row: ChargingSession) -> SafeString:
        """Where."""
        return display.link(row.station)

    @admin.display(description="Connector")
    def outlet(self, row: ChargingSession) -> Any:
        """Its number."""
        return row.connector.connector_id if row.connector else display.NOTHING

    @admin.display(description="Card")
    def who(self, row: ChargingSession) -> SafeString:
        """The card, or the id tag of one nobody knows."""
        if row.card is None:
            return format_html("{}", row.id_tag or display.NOTHING)
        return display.link(row.card)

    @admin.display(description="Energy")
    def energy(self, row: ChargingSession) -> SafeString:
        """By now or in the end."""
        return display.kwh(row.energy_wh)

    @admin.display(description="Duration")
    def length(self, row: ChargingSession) -> str:
        """By now or in the end."""
        return words.session_length(row)

    @admin.display(description="Started")
    def started(self, row: ChargingSession) -> SafeString:
        """How long ago."""
        return display.ago(row.started_at)

    @admin.display(description="Started")
    def began(self, row: ChargingSession) -> SafeString:
        """Exactly."""
        return display.when(row.started_at)

    @admin.display(description="As sent")
    def began_raw(self, row: ChargingSession) -> str | SafeString:
        """The station's text."""
        return row.started_at_raw or display.NOTHING

    @admin.display(description="Stopped")
    def ended(self, row: ChargingSession) -> SafeString:
        """Exactly."""
        return display.when(row.stopped_at)

    @admin.display(description="As sent")
    def ended_raw(self, row: ChargingSession) -> str | SafeString:
        """The station's text."""
        return row.stopped_at_raw or display.NOTHING

    @admin.display(description="Reason")
    def reason(self, row: ChargingSession) -> str | SafeString:
        """Why it stopped, in OCPP's word."""
        return row.stop_reason or display.NOTHING

    @admin.display(description="Register at the start")
    def start_register(self, row: ChargingSession) -> SafeString:
        """In kWh."""
        return display.kwh(row.meter_start_wh)

    @admin.display(description="Register at the end")
    def end_register(self, row: ChargingSession) -> SafeString:
        """In kWh."""
        return display.kwh(row.meter_stop_wh)

    @admin.display(description="Last reading")
    def last_reading(self, row: ChargingSession) -> SafeString:
        """When."""
        return display.when(row.last_reading_at)

    @admin.display(description="Stopped by")
    def stopped_by(self, row: ChargingSession) -> str | SafeString:
        """The id tag that stopped it."""
        return row.stop_id_tag or display.NOTHING

    @admin.display(description="Reported as")
    def reported(self, row: ChargingSession) -> Any:
        """The number the station gave it, where that is not ours."""
        reported = row.reported_transaction_id
        return display.NOTHING if reported is None else reported
