"""Stations' certificates: those our authorities signed, each with the dialog that ends it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter
from cms.shared.dialogs import DialogForm, dialog, leave
from stations.admin import find
from stations.models import CertificateState, StationCertificate
from stations.services import issuing

_TONES = {
    CertificateState.REQUESTED: "blue",
    CertificateState.ISSUED: "blue",
    CertificateState.ACCEPTED: "green",
}


class RevokeForm(DialogForm):
    """Why nobody may use it any more."""

    obj: StationCertificate
    why = forms.CharField(
        label=lazy("Why"),
        max_length=200,
        help_text=lazy("Kept with the certificate, with your name"),
    )

    def prepare(self) -> None:
        """Off where there is nothing to end."""
        if not self.obj.fingerprint or self.obj.state == CertificateState.REVOKED:
            self.refuse(_("It is %(state)s.") % {"state": self.obj.get_state_display().lower()})


@admin.register(StationCertificate)
class StationCertificateAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What stations asked to have signed, newest first."""

    list_display = ("number", "stands", "at_station", "key_kind", "until", "asked")
    list_display_links = ("number",)
    list_select_related = ("station",)
    list_filter = (("state", ChoiceFilter), ("station", RelatedFilter))
    search_fields = ("id",)
    search_help_text = lazy("Identity of a station begins with …")
    actions_detail = ["revoke"]
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("stands", "why"),
                    ("at_station", "of_command"),
                    ("key_kind", "of_authority"),
                    ("serial_number", "fingerprint"),
                    ("begins", "ends"),
                    ("requested", "answered"),
                    ("ended", "by"),
                    "pem",
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StationCertificate], search_term: str
    ) -> tuple[QuerySet[StationCertificate], bool]:
        """By station."""
        text = search_term.strip()
        return (find.at_stations(queryset, text) if text else queryset), False

    def has_revoke_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may end a certificate."""
        return request.user.has_perm("stations.change_stationcertificate")

    @dialog(
        title=lazy("Revoke"),
        permission="revoke",
        form=RevokeForm,
        submit=lazy("Revoke it"),
        text=lazy(
            "Nobody is let in with this certificate from now on. A station that has no other one "
            "and must show one (security profile 3) stays away until it is given another."
        ),
        icon="block",
        danger=True,
        look="danger",
    )
    def revoke(self, request: HttpRequest, certificate: Any, form: Any) -> HttpResponse:
        """Let nobody in with it any more."""
        why, by = form.cleaned_data["why"], request.user
        issuing.revoke(certificate=certificate, why=why, by=by, at=clock.now())  # type: ignore[arg-type]
        messages.success(request, _("It is revoked."))
        return leave(request, display.page(certificate))

    @admin.display(description=lazy("No."))
    def number(self, row: StationCertificate) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def stands(self, row: StationCertificate) -> SafeString:
        """Where it stands."""
        tone = _TONES.get(CertificateState(row.state), "red")
        return display.pill(row.get_state_display(), tone, row.reason)

    @admin.display(description=lazy("Why"))
    def why(self, row: StationCertificate) -> str | SafeString:
        """The reason, where there is one."""
        return row.reason or display.NOTHING

    @admin.display(description=lazy("Station"))
    def at_station(self, row: StationCertificate) -> SafeString:
        """Whose it is."""
        return display.link(row.station)

    @admin.display(description=lazy("Sent with"))
    def of_command(self, row: StationCertificate) -> SafeString:
        """The command."""
        return display.link(row.command)

    @admin.display(description=lazy("Signed by"))
    def of_authority(self, row: StationCertificate) -> object:
        """Which of our authorities."""
        return row.authority or display.NOTHING

    @admin.display(description=lazy("Valid until"))
    def until(self, row: StationCertificate) -> SafeString:
        """When it ends."""
        return display.ago(row.not_after)

    @admin.display(description=lazy("Valid from"))
    def begins(self, row: StationCertificate) -> SafeString:
        """Exactly."""
        return display.when(row.not_before)

    @admin.display(description=lazy("Valid until"))
    def ends(self, row: StationCertificate) -> SafeString:
        """Exactly."""
        return display.when(row.not_after)

    @admin.display(description=lazy("Asked"))
    def asked(self, row: StationCertificate) -> SafeString:
        """How long ago."""
        return display.ago(row.requested_at)

    @admin.display(description=lazy("Asked"))
    def requested(self, row: StationCertificate) -> SafeString:
        """Exactly."""
        return display.when(row.requested_at)

    @admin.display(description=lazy("Answered"))
    def answered(self, row: StationCertificate) -> SafeString:
        """When the station took it, or refused it."""
        return display.when(row.answered_at)

    @admin.display(description=lazy("Revoked"))
    def ended(self, row: StationCertificate) -> SafeString:
        """Exactly."""
        return display.when(row.revoked_at)

    @admin.display(description=lazy("Revoked by"))
    def by(self, row: StationCertificate) -> object:
        """Who."""
        return row.revoked_by or display.NOTHING
