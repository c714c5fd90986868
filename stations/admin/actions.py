"""What one can ask of a station: each a dialog, one service call, then its progress."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from cms.shared import clock
from cms.shared.dialogs import DialogForm, dialog, show
from stations.admin import charging, forms, maintenance, progress
from stations.admin.charging import asker
from stations.admin.reservations import ReserveForm, reserve_from
from stations.models import ChargingStation
from stations.services import assignments, commands, keys

MENU = {
    "title": "More",
    "items": [
        "reset",
        "unlock_connector",
        "change_availability",
        "reserve",
        "trigger_message",
        "get_configuration",
        "change_configuration",
        "clear_cache",
        "data_transfer",
    ],
}


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


class StationActions:
    """The dialogs of a station's page; mixed into its model admin."""

    def has_send_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may send commands."""
        return request.user.has_perm("stations.add_command")

    def has_reserve_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may reserve connectors."""
        return request.user.has_perm("stations.add_reservation")

    def has_key_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change the password a station connects with."""
        return request.user.has_perm("stations.change_chargingstation")

    @dialog(
        title="Remote start",
        permission="send",
        form=forms.RemoteStartForm,
        submit="Start",
        icon="play_arrow",
        look="primary",
    )
    def remote_start(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Start charging for a card."""
        command = assignments.remote_start(
            station=station,
            payload=form.payload(),
            profile=form.cleaned_data["profile"],
            asker=asker(request, form),
        )
        return progress.respond(self, request, station, command)

    @dialog(
        title="Stop",
        permission="send",
        form=forms.RemoteStopForm,
        submit="Stop charging",
        icon="stop",
        danger=True,
    )
    def remote_stop(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """End a session."""
        payload = {"transactionId": int(form.cleaned_data["transaction_id"])}
        return ask(self, request, station, form, "RemoteStopTransaction", payload)

    @dialog(
        title="Reset",
        permission="send",
        form=forms.ResetForm,
        submit="Reset",
        icon="restart_alt",
        danger=True,
        look="danger",
    )
    def reset(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Restart the station."""
        return ask(self, request, station, form, "Reset", form.payload())

    @dialog(
        title="Unlock connector",
        permission="send",
        form=forms.UnlockForm,
        submit="Unlock",
        icon="lock_open",
    )
    def unlock_connector(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Let go of the cable."""
        return ask(self, request, station, form, "UnlockConnector", form.payload())

    @dialog(
        title="Change availability",
        permission="send",
        form=maintenance.AvailabilityForm,
        submit="Change",
        icon="toggle_on",
    )
    def change_availability(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Put into or out of service."""
        return ask(self, request, station, form, "ChangeAvailability", form.payload())

    @dialog(
        title="Reserve",
        permission="reserve",
        form=ReserveForm,
        submit="Reserve",
        icon="event_available",
    )
    def reserve(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Keep a connector for a card."""
        return reserve_from(self, request, form)

    @dialog(
        title="Trigger message",
        permission="send",
        form=maintenance.TriggerForm,
        submit="Ask for it",
        icon="campaign",
    )
    def trigger_message(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Ask the station to report something now."""
        return ask(self, request, station, form, "TriggerMessage", form.payload())

    @dialog(
        title="Get configuration",
        permission="send",
        form=maintenance.GetConfigurationForm,
        submit="Read",
        icon="tune",
    )
    def get_configuration(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Read the station's settings."""
        return ask(self, request, station, form, "GetConfiguration", form.payload())

    @dialog(
        title="Change configuration",
        permission="send",
        form=maintenance.ChangeConfigurationForm,
        submit="Change",
        icon="edit",
    )
    def change_configuration(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Change one of the station's settings."""
        return ask(self, request, station, form, "ChangeConfiguration", form.payload())

    @dialog(
        title="Clear cache",
        permission="send",
        form=forms.StationForm,
        submit="Clear",
        text="The station forgets which cards it accepted lately and asks us again.",
        icon="delete_sweep",
    )
    def clear_cache(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Clear the station's authorization cache."""
        return ask(self, request, station, form, "ClearCache", {})

    @dialog(
        title="Data transfer",
        permission="send",
        form=maintenance.DataTransferForm,
        submit="Send",
        text="A message of the vendor's own; what it means, the vendor says.",
        icon="swap_horiz",
    )
    def data_transfer(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Send a vendor's own message."""
        return ask(self, request, station, form, "DataTransfer", form.payload())

    @dialog(
        title="Set charging profile",
        permission="send",
        form=charging.SetProfileForm,
        submit="Set",
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
        title="Clear charging profiles",
        permission="send",
        form=charging.ClearProfileForm,
        submit="Clear",
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
        title="Composite schedule",
        permission="send",
        form=charging.CompositeForm,
        submit="Read",
        text="What the station makes of all its profiles together.",
        icon="stacked_line_chart",
    )
    def composite_schedule(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Read back what the station really does."""
        return ask(self, request, station, form, "GetCompositeSchedule", form.payload())

    @dialog(
        title="New key",
        permission="key",
        submit="Make a key",
        text="The password the station connects with (HTTP Basic, security profile 1). "
        "An older one stops working at its next connection. It is shown once.",
        icon="key",
    )
    def new_key(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Give the station a new key and show it, once."""
        key = keys.set_key(station=station)
        self.log_change(request, station, "Made a new key.")  # type: ignore[attr-defined]
        context = {"title": "The new key", "name": station.cp_id, "secret": key}
        return show(self, request, station, "admin/secret_once.html", context)  # type: ignore[arg-type]

    @dialog(
        title="Remove key",
        permission="key",
        submit="Remove it",
        text="The station then connects without a password, where the settings allow that at all.",
        icon="key_off",
        danger=True,
        look="danger",
    )
    def remove_key(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Let the station connect without a key."""
        keys.clear_key(station=station)
        self.log_change(request, station, "Removed the key.")  # type: ignore[attr-defined]
        context = {"title": "The key is removed", "text": f"{station} has no key any more."}
        return show(self, request, station, "admin/dialog_done.html", context)  # type: ignore[arg-type]
