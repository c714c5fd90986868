"""What one can ask of a station: each a dialog, one service call, then its progress."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cms.shared import clock
from cms.shared.dialogs import DialogForm, dialog, show
from stations.admin import charging, forms, maintenance, progress, starting
from stations.admin.charging import asker
from stations.admin.reservation_forms import ReserveForm
from stations.admin.reservations import reserve_from
from stations.models import ChargingStation
from stations.services import assignments, commands, keys, limits


def ask(
    model_admin: Any,
    request: HttpRequest,
    station: ChargingStation,
    form: DialogForm,
    action: str,
    payload: dict[str, Any],
) -> HttpResponse:
    """Ask ``station``, once for each dialog however often its button is pressed."""
    command = commands.request(
        station=station,
        action=action,
        payload=payload,
        at=clock.now(),
        requested_by_id=request.user.pk,
        idempotency_key=form.idempotency_key(),
    )
    return progress.respond(model_admin, request, station, command)


def may_serve(request: HttpRequest) -> bool:
    """Whether somebody may do for a driver what the driver could: start, stop, unlock."""
    may = request.user.has_perm
    return may("stations.add_command") or may("stations.serve_driver")


class StationActions:
    """The dialogs of a station's page; mixed into its model admin."""

    def has_send_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may send commands."""
        return request.user.has_perm("stations.add_command")

    def has_serve_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may start and stop sessions and let go of cables."""
        return may_serve(request)

    def has_reserve_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may reserve connectors."""
        return request.user.has_perm("stations.add_reservation")

    def has_key_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change the password a station connects with."""
        return request.user.has_perm("stations.change_chargingstation")

    @dialog(
        title=_("Remote start"),
        permission="serve",
        form=starting.RemoteStartForm,
        submit=_("Start"),
        icon="play_arrow",
        look="primary",
    )
    def remote_start(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Start charging for a card."""
        command = limits.start(
            station=station,
            payload=form.payload(),
            profile=form.cleaned_data["profile"],
            asker=asker(request, form),
            limit=form.limit(),
        )
        return progress.respond(self, request, station, command)

    @dialog(
        title=_("Stop"),
        permission="serve",
        form=forms.RemoteStopForm,
        submit=_("Stop charging"),
        icon="stop",
        danger=True,
    )
    def remote_stop(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """End a session."""
        payload = {"transactionId": int(form.cleaned_data["transaction_id"])}
        return ask(self, request, station, form, "RemoteStopTransaction", payload)

    @dialog(
        title=pgettext_lazy("station", "Reset"),
        permission="send",
        form=forms.ResetForm,
        submit=pgettext_lazy("station", "Reset"),
        icon="restart_alt",
        danger=True,
        look="danger",
    )
    def reset(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Restart the station."""
        return ask(self, request, station, form, "Reset", form.payload())

    @dialog(
        title=_("Unlock connector"),
        permission="serve",
        form=forms.UnlockForm,
        submit=_("Unlock"),
        icon="lock_open",
    )
    def unlock_connector(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Let go of the cable."""
        return ask(self, request, station, form, "UnlockConnector", form.payload())

    @dialog(
        title=_("Change availability"),
        permission="send",
        form=maintenance.AvailabilityForm,
        submit=_("Change"),
        icon="toggle_on",
    )
    def change_availability(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Put into or out of service."""
        return ask(self, request, station, form, "ChangeAvailability", form.payload())

    @dialog(
        title=_("Reserve"),
        permission="reserve",
        form=ReserveForm,
        submit=_("Reserve"),
        icon="event_available",
    )
    def reserve(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Keep a connector for a card."""
        return reserve_from(self, request, form)

    @dialog(
        title=_("Trigger message"),
        permission="send",
        form=maintenance.TriggerForm,
        submit=_("Ask for it"),
        icon="campaign",
    )
    def trigger_message(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Ask the station to report something now."""
        return ask(self, request, station, form, "TriggerMessage", form.payload())

    @dialog(
        title=_("Get configuration"),
        permission="send",
        form=maintenance.GetConfigurationForm,
        submit=_("Read"),
        icon="tune",
    )
    def get_configuration(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Read the station's settings."""
        return ask(self, request, station, form, "GetConfiguration", form.payload())

    @dialog(
        title=_("Change configuration"),
        permission="send",
        form=maintenance.ChangeConfigurationForm,
        submit=_("Change"),
        icon="edit",
    )
    def change_configuration(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Change one of the station's settings."""
        return ask(self, request, station, form, "ChangeConfiguration", form.payload())

    @dialog(
        title=_("Clear cache"),
        permission="send",
        form=forms.StationForm,
        submit=_("Clear"),
        text=_("The station forgets which cards it accepted lately and asks us again."),
        icon="delete_sweep",
    )
    def clear_cache(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Clear the station's authorization cache."""
        return ask(self, request, station, form, "ClearCache", {})

    @dialog(
        title=_("Data transfer"),
        permission="send",
        form=maintenance.DataTransferForm,
        submit=_("Send"),
        text=_("A message of the vendor's own; what it means, the vendor says."),
        icon="swap_horiz",
    )
    def data_transfer(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Send a vendor's own message."""
        return ask(self, request, station, form, "DataTransfer", form.payload())

    @dialog(
        title=_("Set charging profile"),
        permission="send",
        form=charging.SetProfileForm,
        submit=_("Set"),
        icon="speed",
    )
    def set_charging_profile(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Assign a profile to a connector."""
        assignment = assignments.assign(
            profile=form.cleaned_data["profile"],
            station=station,
            connector_id=int(form.cleaned_data["connector_id"]),
            asker=asker(request, form),
        )
        assert assignment.command is not None
        return progress.respond(self, request, station, assignment.command)

    @dialog(
        title=_("Clear charging profiles"),
        permission="send",
        form=charging.ClearProfileForm,
        submit=pgettext_lazy("charging profiles", "Clear"),
        icon="layers_clear",
        danger=True,
    )
    def clear_charging_profile(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Let the station forget profiles."""
        command = assignments.clear(
            station=station, criteria=form.criteria(), asker=asker(request, form)
        )
        return progress.respond(self, request, station, command)

    @dialog(
        title=_("Composite schedule"),
        permission="send",
        form=charging.CompositeForm,
        submit=_("Read"),
        text=_("What the station makes of all its profiles together."),
        icon="stacked_line_chart",
    )
    def composite_schedule(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Read back what the station really does."""
        return ask(self, request, station, form, "GetCompositeSchedule", form.payload())

    @dialog(
        title=_("New key"),
        permission="key",
        submit=_("Make a key"),
        text=_(
            "The password the station connects with (HTTP Basic, security profile 1). "
            "An older one stops working at its next connection. It is shown once."
        ),
        icon="key",
    )
    def new_key(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Give the station a new key and show it, once."""
        key = keys.set_key(station=station)
        self.log_change(request, station, "Made a new key.")  # type: ignore[attr-defined]
        context = {"title": _("The new key"), "name": station.cp_id, "secret": key}
        return show(self, request, station, "admin/secret_once.html", context)  # type: ignore[arg-type]

    @dialog(
        title=_("Remove key"),
        permission="key",
        submit=_("Remove it"),
        text=_(
            "The station then connects without a password, where the settings allow that at all."
        ),
        icon="key_off",
        danger=True,
        look="danger",
    )
    def remove_key(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Let the station connect without a key."""
        keys.clear_key(station=station)
        self.log_change(request, station, "Removed the key.")  # type: ignore[attr-defined]
        context = {
            "title": _("The key is removed"),
            "text": _("%(station)s has no key any more.") % {"station": station},
        }
        return show(self, request, station, "admin/dialog_done.html", context)  # type: ignore[arg-type]
