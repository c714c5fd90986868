"""How operators settle a review case: each way a dialog that asks why, then one service call."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display
from cms.shared.dialogs import dialog, leave, show
from stations.admin.settling_forms import (
    AcceptForm,
    AcknowledgeForm,
    AdoptCardForm,
    AdoptStationForm,
    AttachForm,
    EndForm,
    SettleForm,
)
from stations.models import ReviewCase
from stations.services import adoption, settling


class SettlingActions:
    """The dialogs of a case's page; mixed into its model admin."""

    def has_settle_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may decide."""
        return request.user.has_perm("stations.settle_reviewcase")

    def has_adopt_station_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may decide, and add stations."""
        may = request.user.has_perms
        return may(["stations.settle_reviewcase", "stations.add_chargingstation"])

    def has_adopt_card_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may decide, and add cards."""
        return request.user.has_perms(["stations.settle_reviewcase", "rfid.add_rfidcard"])

    @dialog(
        title=lazy("Attach to a session"),
        permission="settle",
        form=AttachForm,
        submit=lazy("Attach"),
        text=lazy(
            "The session takes over the stop or the meter values. What is attached stays "
            "readable as evidence and is never billed by itself."
        ),
        icon="link",
        look="primary",
    )
    def attach(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Give it to a session."""
        number = int(form.cleaned_data["session"])
        settling.attach(case_id=case.pk, transaction_id=number, who=form.who(), at=clock.now())
        return _done(request, case, _("It belongs to session %(number)s now.") % {"number": number})

    @dialog(
        title=lazy("Accept the energy"),
        permission="settle",
        form=AcceptForm,
        submit=lazy("Accept"),
        text=lazy("The session counts with this energy. All its open cases are settled."),
        icon="check_circle",
    )
    def accept(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Confirm or correct it."""
        settling.accept(case_id=case.pk, who=form.who(), at=clock.now(), **form.decision())
        return _done(request, case, _("The energy is accepted."))

    @dialog(
        title=lazy("End the session"),
        permission="settle",
        form=EndForm,
        submit=lazy("End it"),
        text=lazy(
            "Its card may charge elsewhere again. The energy waits for the station's own stop, "
            "or for somebody to accept it."
        ),
        icon="stop_circle",
    )
    def end(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """End a session whose station is away."""
        stopped_at = form.cleaned_data["stopped_at"]
        settling.end(case_id=case.pk, who=form.who(), at=clock.now(), stopped_at=stopped_at)
        return _done(request, case, _("The session is ended."))

    @dialog(
        title=lazy("Adopt the station"),
        permission="adopt_station",
        form=AdoptStationForm,
        submit=lazy("Adopt"),
        icon="add_circle",
        look="primary",
    )
    def adopt_station(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Let it connect from now on, and show its key, once."""
        wanted = {name: form.cleaned_data[name] for name in ("name", "site", "make_key")}
        adopted = adoption.adopt_station(case_id=case.pk, who=form.who(), at=clock.now(), **wanted)
        if adopted.key is None:
            return _done(
                request, case, _("%(station)s may connect.") % {"station": adopted.station}
            )
        context = {
            "title": _("The station's key"),
            "name": adopted.station.cp_id,
            "secret": adopted.key,
        }
        return show(self, request, case, "admin/secret_once.html", context)  # type: ignore[arg-type]

    @dialog(
        title=lazy("Adopt the card"),
        permission="adopt_card",
        form=AdoptCardForm,
        submit=lazy("Adopt"),
        icon="add_card",
        look="primary",
    )
    def adopt_card(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Let it charge from now on."""
        wanted = {name: form.cleaned_data[name] for name in ("label", "group")}
        _case, card = adoption.adopt_card(case_id=case.pk, who=form.who(), at=clock.now(), **wanted)
        return _done(request, case, _("%(card)s may charge.") % {"card": card})

    @dialog(
        title=lazy("Discard"),
        permission="settle",
        form=SettleForm,
        submit=lazy("Discard"),
        text=lazy(
            "Nothing comes of it. A session stays readable and is not billed; a stop after the "
            "end is put aside, and the session stays as it was."
        ),
        icon="delete",
        danger=True,
        look="danger",
    )
    def discard(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Put it aside."""
        settling.discard(case_id=case.pk, who=form.who(), at=clock.now())
        return _done(request, case, _("It is put aside."))

    @dialog(
        title=lazy("Acknowledge"),
        permission="settle",
        form=AcknowledgeForm,
        submit=lazy("Acknowledge"),
        text=lazy("Somebody looked at it. The same event opens a new case when it happens again."),
        icon="task_alt",
        look="primary",
    )
    def acknowledge(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Say what came of a security event."""
        settling.acknowledge(case_id=case.pk, who=form.who(), at=clock.now())
        return _done(request, case, _("It is acknowledged."))


def _done(request: HttpRequest, case: ReviewCase, text: str) -> HttpResponse:
    messages.success(request, text)
    return leave(request, display.page(case))
