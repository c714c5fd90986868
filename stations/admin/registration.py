"""Letting a station in that announced itself: a dialog of its page, and of the work queue."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared.dialogs import DialogForm, dialog, show
from stations.models import Registration
from stations.services import stations


class AcceptForm(DialogForm):
    """Only a question."""

    def prepare(self) -> None:
        """There is nothing to do where it is in."""
        if self.obj.registration == Registration.ACCEPTED:
            self.refuse(_("It is accepted already."))


@dialog(
    title=gettext_lazy("Accept"),
    permission="change",
    form=AcceptForm,
    submit=gettext_lazy("Accept"),
    text=gettext_lazy(
        "The station may charge from its next BootNotification on, which it sends by itself."
    ),
    icon="how_to_reg",
)
def accept_station(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Let the station in."""
    stations.change(station=station, registration=Registration.ACCEPTED)
    self.log_change(request, station, "Accepted.")
    text = _("%(station)s is accepted.") % {"station": station}
    context = {"title": _("It is let in"), "text": text}
    return show(self, request, station, "admin/dialog_done.html", context)
