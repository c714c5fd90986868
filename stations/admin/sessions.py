"""Sessions: the list, and a page with the facts, the last meter values and Stop."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.admin import (
    Along,
    BigChangeList,
    BigTableAdmin,
    ChoiceFilter,
    FixedFilter,
    ReadOnlyAdmin,
    RelatedFilter,
    TimeFilter,
)
from cms.shared.dialogs import DialogForm, dialog
from rfid.admin import numbers
from stations import by_now
from stations.admin import find, session_views, words
from stations.admin.actions import ask, may_serve
from stations.admin.forms import describe
from stations.models import ChargingSession


class ReviewFilter(FixedFilter):
    """By whether somebody should look at it."""

    title = lazy("needs review")
    parameter_name = "needs_review"
    options = (("1", lazy("Needs review")), ("0", lazy("Fine")))


class StartedFilter(TimeFilter):
    """By when it began."""

    title = lazy("started")

    @staticmethod
    def since(rows: QuerySet[ChargingSession], moment: datetime) -> QuerySet[ChargingSession]:
        """Began after ``moment``."""
        return rows.filter(started_at__gte=moment)


class SessionList(BigChangeList):
    """The list, with what was read by now of those under way."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """One page."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        by_now.catch_up(self.result_list)


class StopForm(DialogForm):
    """Only a question: which session it is stands on the page."""

    obj: ChargingSession

    def prepare(self) -> None:
        """Say what ends, or why it cannot."""
        if not self.obj.is_open:
            self.refuse(_("Session %(pk)s is not under way any more.") % {"pk": self.obj.pk})
        elif not self.obj.station.connection_id:
            self.refuse(
                _("%(station)s is offline. Nothing is sent, and nothing is queued.")
                % {"station": self.obj.station}
            )
        else:
            self.warn(_("It ends %(session)s") % {"session": describe(self.obj, self.request.user)})


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
    newest_along = Along("station")
    list_select_related = ("station", "connector", "card")
    list_filter = (
        StartedFilter,
        ("status", ChoiceFilter),
        ReviewFilter,
        ("station", RelatedFilter),
        ("station__site", RelatedFilter),
    )
    search_fields = ("transaction_id",)
    search_help_text = lazy("Number, id tag, or identity of a station begins with …")
    actions_detail = ["stop"]
    change_form_outer_before_template = "admin/stations/session_head.html"
    change_form_outer_after_template = "admin/stations/session_tail.html"
    fieldsets = (
        (
            lazy("Start and end"),
            {
                "fields": (
                    ("began", "began_raw"),
                    ("ended", "ended_raw"),
                    ("length", "reason"),
                )
            },
        ),
        (
            lazy("Meter"),
            {"fields": (("start_register", "end_register"), ("energy", "last_reading"))},
        ),
        (
            lazy("Card"),
            {"fields": (("who", "authorization"), ("stopped_by", "reported"), "billable")},
        ),
    )

    class Media:
        js = ("voltdesk/session.js", "voltdesk/log.js")
        css: ClassVar[dict[str, tuple[str, ...]]] = {
            "all": ("voltdesk/session.css", "voltdesk/log.css")
        }

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BigChangeList]:
        """The one that knows of readings."""
        return SessionList

    def has_serve_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may stop it."""
        return may_serve(request)

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
        title=lazy("Stop"),
        permission="serve",
        form=StopForm,
        submit=lazy("Stop charging"),
        icon="stop",
        danger=True,
    )
    def stop(self, request: HttpRequest, session: Any, form: Any) -> HttpResponse:
        """End it."""
        payload = {"transactionId": session.pk}
        return ask(self, request, session.station, form, "RemoteStopTransaction", payload)

    def get_urls(self) -> list[Any]:
        """Plus the parts of the page that renew themselves or are fetched later."""
        return [*session_views.urls(self), *super().get_urls()]

    def around(self, request: HttpRequest, session: ChargingSession) -> dict[str, Any]:
        """How it stands, its chart and its story, and what apps above know of it."""
        return session_views.shown(request, session)

    @admin.display(description=lazy("Session"))
    def number(self, row: ChargingSession) -> SafeString:
        """Its transaction id."""
        return format_html("#{}", row.pk)

    @admin.display(description=lazy("State"))
    def state(self, row: ChargingSession) -> SafeString:
        """Where it stands."""
        return words.session(row)

    @admin.display(description=lazy("Station"))
    def at_station(self, row: ChargingSession) -> SafeString:
        """Where."""
        return display.link(row.station)

    @admin.display(description=lazy("Connector"))
    def outlet(self, row: ChargingSession) -> Any:
        """Its number."""
        return row.connector.connector_id if row.connector else display.NOTHING

    @admin.display(description=lazy("Card"))
    def who(self, row: ChargingSession) -> SafeString:
        """The card, or the id tag of one nobody knows."""
        if row.card is None:
            return format_html("{}", numbers.cell(row.id_tag))
        return display.link(row.card)

    @admin.display(description=lazy("Energy"))
    def energy(self, row: ChargingSession) -> SafeString:
        """By now or in the end."""
        return display.kwh(row.energy_wh)

    @admin.display(description=lazy("Duration"))
    def length(self, row: ChargingSession) -> str:
        """By now or in the end."""
        return words.session_length(row)

    @admin.display(description=lazy("Started"))
    def started(self, row: ChargingSession) -> SafeString:
        """How long ago."""
        return display.ago(row.started_at)

    @admin.display(description=lazy("Started"))
    def began(self, row: ChargingSession) -> SafeString:
        """Exactly."""
        return display.when(row.started_at)

    @admin.display(description=lazy("As sent"))
    def began_raw(self, row: ChargingSession) -> str | SafeString:
        """The station's text."""
        return row.started_at_raw or display.NOTHING

    @admin.display(description=lazy("Stopped"))
    def ended(self, row: ChargingSession) -> SafeString:
        """Exactly."""
        return display.when(row.stopped_at)

    @admin.display(description=lazy("As sent"))
    def ended_raw(self, row: ChargingSession) -> str | SafeString:
        """The station's text."""
        return row.stopped_at_raw or display.NOTHING

    @admin.display(description=lazy("Reason"))
    def reason(self, row: ChargingSession) -> str | SafeString:
        """Why it stopped, in OCPP's word."""
        return row.stop_reason or display.NOTHING

    @admin.display(description=lazy("Register at the start"))
    def start_register(self, row: ChargingSession) -> SafeString:
        """In kWh."""
        return display.kwh(row.meter_start_wh)

    @admin.display(description=lazy("Register at the end"))
    def end_register(self, row: ChargingSession) -> SafeString:
        """In kWh."""
        return display.kwh(row.meter_stop_wh)

    @admin.display(description=lazy("Last reading"))
    def last_reading(self, row: ChargingSession) -> SafeString:
        """When."""
        return display.when(row.last_reading_at)

    @admin.display(description=lazy("Stopped by"))
    def stopped_by(self, row: ChargingSession) -> str | SafeString:
        """The id tag that stopped it."""
        return numbers.cell(row.stop_id_tag)

    @admin.display(description=lazy("Reported as"))
    def reported(self, row: ChargingSession) -> Any:
        """The number the station gave it, where that is not ours."""
        reported = row.reported_transaction_id
        return display.NOTHING if reported is None else reported
