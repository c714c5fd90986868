"""Commands: who asked which station for what, what it answered; a page that follows it live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display, scoping
from cms.shared.admin import (
    Along,
    BigTableAdmin,
    ChoiceFilter,
    FixedFilter,
    ReadOnlyAdmin,
    RelatedFilter,
    TimeFilter,
)
from stations.admin import find, progress, words
from stations.models import Command, EffectState

ACTIONS = (
    "CancelReservation",
    "CertificateSigned",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "DeleteCertificate",
    "ExtendedTriggerMessage",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "InstallCertificate",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "SignedUpdateFirmware",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
)


class ActionFilter(FixedFilter):
    """By what was asked."""

    title = lazy("action")
    parameter_name = "action"
    options = tuple((name, name) for name in ACTIONS)


class RequestedFilter(TimeFilter):
    """By when it was asked."""

    @staticmethod
    def since(rows: QuerySet[Command], moment: datetime) -> QuerySet[Command]:
        """Asked after ``moment``."""
        return rows.filter(requested_at__gte=moment)


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin, BigTableAdmin):
    """The log of commands, newest first."""

    list_display = ("what", "at_station", "status_word", "answered_in", "by", "requested")
    list_display_links = ("what",)
    list_select_related = ("station", "requested_by", "effect")
    newest_along = Along("station")
    list_filter = (
        RequestedFilter,
        ("station", RelatedFilter),
        ActionFilter,
        ("status", ChoiceFilter),
    )
    search_fields = ("id",)
    search_help_text = lazy("Number, or identity of a station begins with …")
    change_form_outer_before_template = "admin/stations/command_head.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "at_station",
                    "what",
                    "status_word",
                    "meaning",
                    "asked_for",
                    "answer_shown",
                    "answered_in",
                    "by",
                    "requested",
                    "sent",
                    "settled",
                    "message",
                )
            },
        ),
    )

    def get_urls(self) -> list[Any]:
        """Plus the progress, asked for every second while it goes on."""
        view = self.admin_site.admin_view(self.progress)
        return [
            path("<int:pk>/progress/", view, name="stations_command_progress"),
            *super().get_urls(),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Command], search_term: str
    ) -> tuple[QuerySet[Command], bool]:
        """By number, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        number = find.number(text)
        if number is not None and queryset.filter(pk=number).exists():
            return queryset.filter(pk=number), False
        return find.at_stations(queryset, text), False

    def around(self, request: HttpRequest, command: Command) -> dict[str, Any]:
        """The page, with the progress on top."""
        return {"progress": progress.of(command, at=clock.now())}

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The steps of one command: for whom may see commands, or asked for this one."""
        rows = scoping.visible(request.user, Command.objects.all())
        command = get_object_or_404(rows.select_related("station", "requested_by"), pk=pk)
        own = command.requested_by_id == request.user.pk
        if not (own or self.has_view_permission(request, command)):
            raise PermissionDenied
        shown = progress.of(command, at=clock.now())
        return render(request, "admin/stations/progress.html", {"progress": shown})

    @admin.display(description=lazy("Command"))
    def what(self, row: Command) -> str:
        """Its action and number."""
        return str(row)

    @admin.display(description=lazy("Station"))
    def at_station(self, row: Command) -> SafeString:
        """Whom it is for."""
        return display.link(row.station)

    @admin.display(description=lazy("Answer"))
    def status_word(self, row: Command) -> SafeString:
        """The station's word, or where it stands; and where nothing came of it."""
        effect = getattr(row, "effect", None)
        missing = effect is not None and effect.state == EffectState.MISSING
        pill = display.pill(_("Nothing followed"), "amber") if missing else ""
        return format_html("{} {}", words.command(row), pill)

    @admin.display(description=lazy("That means"))
    def meaning(self, row: Command) -> str | SafeString:
        """The answer in words."""
        return words.meaning(row) or display.NOTHING

    @admin.display(description=lazy("Asked for"))
    def asked_for(self, row: Command) -> SafeString:
        """The payload."""
        return display.payload(row.payload)

    @admin.display(description=lazy("The answer"))
    def answer_shown(self, row: Command) -> SafeString:
        """The payload of the answer."""
        return display.payload(row.answer)

    @admin.display(description=lazy("Answered in"))
    def answered_in(self, row: Command) -> SafeString:
        """Latency."""
        return words.latency(row)

    @admin.display(description=lazy("Asked by"))
    def by(self, row: Command) -> object:
        """The person, or the system."""
        return row.requested_by or display.NOTHING

    @admin.display(description=lazy("Asked"))
    def requested(self, row: Command) -> SafeString:
        """When."""
        return display.ago(row.requested_at)

    @admin.display(description=lazy("Sent"))
    def sent(self, row: Command) -> SafeString:
        """When it left."""
        return display.when(row.sent_at)

    @admin.display(description=lazy("Settled"))
    def settled(self, row: Command) -> SafeString:
        """When it was over."""
        return display.when(row.settled_at)

    @admin.display(description=lazy("Message id"))
    def message(self, row: Command) -> str | SafeString:
        """As in the message log."""
        return row.message_id or display.NOTHING
