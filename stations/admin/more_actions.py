"""Dialogs of a station's page that choose among what it has: reservations, lists, certificates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import clock, display
from cms.shared.dialogs import dialog
from stations.admin import drivers, progress
from stations.admin.actions import ask
from stations.admin.credentials import request_of
from stations.admin.forms import StationForm
from stations.models import InstalledCertificate, InstalledState, Reservation
from stations.models.reservations import HOLDING
from stations.services import installed, reservations

_MOST = 100
_BEGIN = "-----BEGIN CERTIFICATE-----"
_LONGEST_CHAIN = 10_000  # CertificateSigned.req


class CancelReservationForm(StationForm):
    """Which of those that are held."""

    reservation = forms.ChoiceField(label=gettext_lazy("Reservation"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        """What is held at the station; the only one is picked."""
        super().prepare()
        rows = Reservation.objects.filter(station=self.obj, status__in=HOLDING)
        self.held = {str(row.pk): row for row in rows.select_related("connector")[:_MOST]}
        field = self.fields["reservation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, self._said(row)) for key, row in self.held.items()]
        if len(self.held) == 1:
            field.initial = next(iter(self.held))
        if not self.held:
            self.refuse(_("Nothing is reserved at this station."))

    def _said(self, row: Reservation) -> str:
        return _("#%(number)s · connector %(connector)s · %(card)s · until %(until)s") % {
            "number": row.pk,
            "connector": row.connector.connector_id or _("any"),
            "card": drivers.number(self.request.user, row.id_tag),
            "until": display.exact(row.expires_at),
        }


class DeleteCertificateForm(StationForm):
    """Which of those it is known to have."""

    certificate = forms.ChoiceField(label=gettext_lazy("Certificate"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        """The root certificates in the station, as it told of them."""
        super().prepare()
        rows = self.obj.installed_certificates.filter(state=InstalledState.INSTALLED)[:_MOST]
        self.there = {str(row.pk): row for row in rows}
        field = self.fields["certificate"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, self._said(row)) for key, row in self.there.items()]
        if not self.there:
            self.refuse(_("No root certificate is known in this station: read them first."))

    @staticmethod
    def _said(row: InstalledCertificate) -> str:
        return f"{row} · {row.get_kind_display()}"


class SignedForm(StationForm):
    """A certificate somebody else signed."""

    chain = forms.CharField(
        label=gettext_lazy("Certificate"),
        max_length=_LONGEST_CHAIN,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=gettext_lazy("PEM, its own first, then those that signed it"),
    )

    def clean_chain(self) -> str:
        """A PEM file."""
        chain: str = self.cleaned_data["chain"]
        if not chain.startswith(_BEGIN):
            raise forms.ValidationError(_("It should begin with %(words)s.") % {"words": _BEGIN})
        return chain


def has_cancel_permission(self: Any, request: HttpRequest, obj: object = None) -> bool:
    """Who may give a reservation up. For the page of a station, as the next ones."""
    return request.user.has_perm("stations.change_reservation")


@dialog(
    title=gettext_lazy("Cancel a reservation"),
    permission="cancel",
    form=CancelReservationForm,
    submit=gettext_lazy("Cancel the reservation"),
    text=gettext_lazy("The station is asked to give the connector free again."),
    icon="event_busy",
    danger=True,
)
def cancel_reservation(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Give a reservation up."""
    command = reservations.cancel(
        reservation=form.held[form.cleaned_data["reservation"]],
        at=clock.now(),
        requested_by_id=request.user.pk,
        idempotency_key=form.idempotency_key(),
    )
    return progress.respond(self, request, station, command)


@dialog(
    title=gettext_lazy("Ask for the version of its local list"),
    permission="send",
    form=StationForm,
    submit=gettext_lazy("Ask"),
    text=gettext_lazy("The station says which version of its list of cards it has."),
    icon="pin",
)
def list_version(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Ask which version of its local list it has."""
    return ask(self, request, station, form, "GetLocalListVersion", {})


@dialog(
    title=gettext_lazy("Delete a certificate"),
    permission="send",
    form=DeleteCertificateForm,
    submit=gettext_lazy("Delete it"),
    text=gettext_lazy("The station then no longer trusts whoever it signs."),
    icon="remove_moderator",
    danger=True,
)
def delete_certificate(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Let the station trust one less."""
    certificate = form.there[form.cleaned_data["certificate"]]
    command = installed.remove(certificate=certificate, request=request_of(request, form))
    return progress.respond(self, request, station, command)


@dialog(
    title=gettext_lazy("Send a signed certificate"),
    permission="send",
    form=SignedForm,
    submit=gettext_lazy("Send"),
    text=gettext_lazy(
        "For a request another authority signed. What this system signs is sent by itself."
    ),
    icon="verified",
)
def certificate_signed(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Give the station a certificate of its own."""
    payload = {"certificateChain": form.cleaned_data["chain"]}
    return ask(self, request, station, form, "CertificateSigned", payload)
