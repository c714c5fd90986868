"""What a station is set to, on its page: the dialogs and panels of configuration and local list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from cms.shared import clock, dialogs, display
from cms.shared.dialogs import dialog
from stations.admin import configuration, progress
from stations.admin import local_lists as lists
from stations.admin.configuration import ApplyForm
from stations.admin.forms import StationForm
from stations.admin.local_lists import PolicyForm, SendForm
from stations.models import ChargingStation
from stations.services import configuration_reads, local_lists, templates

_QUEUE_S = 86400
MENU = {
    "title": "Setup",
    "items": ["read_configuration", "apply_template", "send_local_list", "list_policy"],
}


def panels(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What the page shows of both, the list only to whom may see it."""
    may = request.user.has_perm
    return {
        "setup": configuration.panel(station),
        "local_list": lists.panel(station) if may("stations.view_locallist") else None,
        "may_see_history": may("stations.view_configurationchange"),
    }


class SetupActions:
    """The dialogs of a station's page about its settings and its local list."""

    def has_template_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change many settings at once."""
        return request.user.has_perm("stations.add_commandbatch")

    @dialog(
        title="Read configuration",
        permission="send",
        form=StationForm,
        submit="Read",
        text="All settings are read in small steps, so that the station can go on working.",
        icon="sync",
    )
    def read_configuration(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Read all settings of the station now."""
        read = configuration_reads.read_now(
            station=station, at=clock.now(), requested_by_id=request.user.pk
        )
        assert read.command is not None
        return progress.respond(self, request, station, read.command)

    @dialog(
        title="Apply template",
        permission="template",
        form=ApplyForm,
        submit="Apply",
        icon="rule_settings",
    )
    def apply_template(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Send what differs from a template."""
        batch = templates.apply(
            template=form.cleaned_data["template"],
            stations=[station],
            at=clock.now(),
            requested_by_id=request.user.pk,
            queue_s=_QUEUE_S if form.cleaned_data["queue"] else None,
        )
        return dialogs.leave(request, display.page(batch))

    def has_list_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may say which cards stand in it."""
        return request.user.has_perm("stations.change_locallist")

    @dialog(
        title="Send local list",
        permission="send",
        form=SendForm,
        submit="Send",
        text="The cards the station accepts while it cannot ask us.",
        icon="playlist_add_check",
    )
    def send_local_list(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Bring the station's list in step now."""
        command = local_lists.send(
            station=station,
            update_type=form.cleaned_data["kind"],
            at=clock.now(),
            requested_by_id=request.user.pk,
            idempotency_key=f"admin:{request.user.pk}:{form.cleaned_data['token']}",
        )
        return progress.respond(self, request, station, command)

    @dialog(
        title="Cards in the local list",
        permission="list",
        form=PolicyForm,
        submit="Save",
        text="The list is kept in step with it; Off leaves it as it is.",
        icon="playlist_add",
    )
    def list_policy(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Say which cards shall stand in the list."""
        policy = form.cleaned_data["policy"]
        groups = list(form.cleaned_data["groups"])
        local_lists.choose(station=station, policy=policy, groups=groups, at=clock.now())
        self.log_change(request, station, f"Local list: {policy}.")  # type: ignore[attr-defined]
        return dialogs.leave(request, display.page(station))
