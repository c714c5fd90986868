"""What a station is set to, on its page: the dialogs and panels of configuration and local list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from cms.shared import clock, dialogs, display
from cms.shared.dialogs import dialog
from stations.admin import progress
from stations.admin.configuration import ApplyForm
from stations.admin.forms import StationForm
from stations.admin.local_lists import PolicyForm, SendForm
from stations.services import configuration_reads, local_lists, templates

_QUEUE_S = 86400


class SetupActions:
    """The dialogs of a station's page about its settings and its local list."""

    def has_template_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change many settings at once."""
        return request.user.has_perm("stations.add_commandbatch")

    @dialog(
        title=_("Read configuration"),
        permission="send",
        form=StationForm,
        submit=_("Read"),
        text=_("All settings are read in small steps, so that the station can go on working."),
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
        title=_("Apply template"),
        permission="template",
        form=ApplyForm,
        submit=_("Apply"),
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
        title=_("Send local list"),
        permission="send",
        form=SendForm,
        submit=_("Send"),
        text=_("The cards the station accepts while it cannot ask us."),
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
        title=_("Cards in the local list"),
        permission="list",
        form=PolicyForm,
        submit=_("Save"),
        text=_("The list is kept in step with it; Off leaves it as it is."),
        icon="playlist_add",
    )
    def list_policy(self, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
        """Say which cards shall stand in the list."""
        policy = form.cleaned_data["policy"]
        groups = list(form.cleaned_data["groups"])
        local_lists.choose(station=station, policy=policy, groups=groups, at=clock.now())
        self.log_change(request, station, _("Local list: %(policy)s.") % {"policy": policy})  # type: ignore[attr-defined]
        return dialogs.leave(request, display.page(station))
