"""Root certificates in stations: the list, and the dialogs that install, read and delete them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display, texts
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter
from cms.shared.dialogs import DialogForm, dialog
from cms.shared.errors import DomainError
from stations.admin import find, progress
from stations.admin.actions import ask
from stations.admin.credentials import request_of
from stations.admin.forms import StationForm
from stations.admin.maintenance import TriggerForm
from stations.models import InstalledCertificate, InstalledState, RootKind
from stations.services import installed

_TONES = {InstalledState.INSTALLED: "green", InstalledState.REMOVED: "grey"}
_MESSAGES = (
    *("SignChargePointCertificate", "LogStatusNotification", "FirmwareStatusNotification"),
    *("BootNotification", "Heartbeat", "MeterValues", "StatusNotification"),
)


class KindForm(StationForm):
    """For what the station uses it."""

    kind = forms.ChoiceField(label=lazy("To verify"), choices=lambda: RootKind.choices)


class InstallForm(KindForm):
    """Which certificate."""

    certificate = forms.CharField(
        label=lazy("Certificate"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        max_length=installed.LONGEST,
        help_text=lazy("PEM: -----BEGIN CERTIFICATE----- …"),
    )

    def clean_certificate(self) -> str:
        """One a station could use."""
        pem: str = self.cleaned_data["certificate"]
        try:
            installed.check(pem)
        except DomainError as error:
            raise forms.ValidationError(texts.localised(error.message)) from None
        return pem


class RemoveForm(DialogForm):
    """Only a question; off where it is not there."""

    obj: InstalledCertificate

    def prepare(self) -> None:
        """Say so."""
        if self.obj.state != InstalledState.INSTALLED:
            self.refuse(_("It is %(state)s.") % {"state": self.obj.get_state_display().lower()})


class ExtendedTriggerForm(TriggerForm):
    """The messages of the security extensions."""

    message = forms.ChoiceField(label=lazy("Message"), choices=[(name, name) for name in _MESSAGES])


@dialog(
    title=_("Install certificate"),
    permission="send",
    form=InstallForm,
    submit=_("Install"),
    text=_("A root certificate: the station then trusts whoever it signs."),
    icon="add_moderator",
)
def install_certificate(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Let the station trust one more."""
    command = installed.install(
        station=station,
        kind=form.cleaned_data["kind"],
        pem=form.cleaned_data["certificate"],
        request=request_of(request, form),
    )
    return progress.respond(self, request, station, command)


@dialog(
    title=_("Read certificates"),
    permission="send",
    form=KindForm,
    submit=_("Read"),
    text=_("Asks the station which root certificates it has."),
    icon="policy",
)
def read_certificates(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Ask the station whom it trusts."""
    kind = form.cleaned_data["kind"]
    command = installed.read(station=station, kind=kind, request=request_of(request, form))
    return progress.respond(self, request, station, command)


@dialog(
    title=_("Extended trigger message"),
    permission="send",
    form=ExtendedTriggerForm,
    submit=_("Ask for it"),
    text=_(
        "For stations with the security extensions. SignChargePointCertificate has the station "
        "ask for a new certificate."
    ),
    icon="campaign",
)
def extended_trigger(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Ask the station to report something, or to ask for a certificate."""
    return ask(self, request, station, form, "ExtendedTriggerMessage", form.payload())


@admin.register(InstalledCertificate)
class InstalledCertificateAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What stations trust, newest first."""

    list_display = ("number", "stands", "at_station", "kind", "subject", "until")
    list_display_links = ("number",)
    list_select_related = ("station",)
    list_filter = (("state", ChoiceFilter), ("kind", ChoiceFilter), ("station", RelatedFilter))
    search_fields = ("id",)
    search_help_text = lazy("Identity of a station begins with …")
    actions_detail = ["remove"]
    actions_detail_hide_default = True
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("stands", "reason"),
                    ("at_station", "kind"),
                    ("subject", "ends"),
                    ("serial_number", "hash_algorithm"),
                    ("issuer_name_hash", "issuer_key_hash"),
                    ("installed_at", "seen_at", "removed_at"),
                    "pem",
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InstalledCertificate], search_term: str
    ) -> tuple[QuerySet[InstalledCertificate], bool]:
        """By station."""
        text = search_term.strip()
        return (find.at_stations(queryset, text) if text else queryset), False

    def has_send_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may send commands."""
        return request.user.has_perm("stations.add_command")

    @dialog(
        title=_("Delete from the station"),
        permission="send",
        form=RemoveForm,
        submit=_("Delete it"),
        text=_(
            "The station then trusts nobody any more because of it. Without any for this "
            "system it may stay away."
        ),
        icon="delete",
        danger=True,
        look="danger",
    )
    def remove(self, request: HttpRequest, certificate: Any, form: Any) -> HttpResponse:
        """Have the station delete it."""
        command = installed.remove(certificate=certificate, request=request_of(request, form))
        return progress.respond(self, request, certificate, command)

    @admin.display(description=lazy("No."))
    def number(self, row: InstalledCertificate) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def stands(self, row: InstalledCertificate) -> SafeString:
        """What the station says of it."""
        tone = _TONES.get(InstalledState(row.state or InstalledState.REMOVED), "red")
        return display.pill(row.get_state_display(), tone, row.reason)

    @admin.display(description=lazy("Station"))
    def at_station(self, row: InstalledCertificate) -> SafeString:
        """Who has it."""
        return display.link(row.station)

    @admin.display(description=lazy("Valid until"))
    def until(self, row: InstalledCertificate) -> SafeString:
        """When it ends, where we know."""
        return display.ago(row.not_after)

    @admin.display(description=lazy("Valid until"))
    def ends(self, row: InstalledCertificate) -> SafeString:
        """Exactly."""
        return display.when(row.not_after)
