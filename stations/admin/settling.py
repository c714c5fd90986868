"""How operators settle a review case: each way a dialog that asks why, then one service call."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from cms.shared import clock, display
from cms.shared.dialogs import DialogForm, dialog, leave, show
from rfid.models import CardGroup
from stations.admin.forms import describe
from stations.models import ChargingSession, ReviewCase, ReviewKind, Site
from stations.models.sessions import OPEN_ENDED
from stations.services import adoption, settling
from stations.services.settling import Who

_CHOICES = 50  # sessions to choose from; any other is attached over REST


class SettleForm(DialogForm):
    """Why: whoever looks at it later reads this."""

    obj: ReviewCase
    why = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept with the case, with your name",
    )
    way = "discard"

    def prepare(self) -> None:
        """Off where somebody was faster, or where it does not fit the case; the reason is last."""
        self.order_fields([name for name in self.fields if name != "why"])
        if not self.obj.is_open:
            by = self.obj.settled_by_name or "the system"
            self.refuse(f"{by} settled it: {self.obj.get_resolution_display().lower()}.")
        elif self.way not in self.obj.ways:
            self.refuse("A case of this kind is settled in another way.")

    def who(self) -> Who:
        """Who decides, and why."""
        return Who(self.request.user, self.cleaned_data["why"])  # type: ignore[arg-type]


class AttachForm(SettleForm):
    """Which session of the same station."""

    way = "attach"
    session = forms.ChoiceField(label="Session")

    def prepare(self) -> None:
        """Those it may belong to, newest first."""
        super().prepare()
        field = self.fields["session"]
        assert isinstance(field, forms.ChoiceField)
        rows = ChargingSession.objects.filter(station=self.obj.station_id).select_related(
            "connector"
        )
        if self.obj.kind == ReviewKind.ORPHANED_STOP:
            rows = rows.filter(status__in=OPEN_ENDED)
        rows = rows.exclude(pk=self.obj.session_id or 0)
        field.choices = [(str(row.pk), describe(row)) for row in rows[:_CHOICES]]
        if self.can_submit and not field.choices:
            self.refuse("This station has no session it could belong to.")


class AcceptForm(SettleForm):
    """The energy, and times that are wrong."""

    way = "accept"
    energy_kwh = forms.DecimalField(
        label="Energy (kWh)",
        min_value=0,
        max_value=settling.MOST_ENERGY_WH // 1000,
        decimal_places=3,
    )
    started_at = forms.DateTimeField(label="Started", required=False)
    stopped_at = forms.DateTimeField(label="Stopped", required=False)

    def prepare(self) -> None:
        """What is known so far; times are only typed where they are wrong."""
        super().prepare()
        session = self.obj.session
        if session is None:
            return
        if self.obj.kind != ReviewKind.ORPHANED_STOP:  # nobody knows what it charged
            self.fields["energy_kwh"].initial = f"{session.energy_wh / 1000:.3f}"
        for name in ("started_at", "stopped_at"):
            known = getattr(session, name)
            shown = display.exact(known) if known else "unknown"
            self.fields[name].help_text = f"Empty: stays {shown}"
        if self.obj.kind == ReviewKind.ORPHANED_STOP:
            del self.fields["stopped_at"]

    def decision(self) -> dict[str, Any]:
        """What the service takes."""
        cleaned = self.cleaned_data
        return {
            "energy_wh": int(cleaned["energy_kwh"] * 1000),
            "started_at": cleaned.get("started_at"),
            "stopped_at": cleaned.get("stopped_at"),
        }


class EndForm(SettleForm):
    """When it ended, where somebody knows."""

    way = "end"
    stopped_at = forms.DateTimeField(
        label="Ended", required=False, help_text="Empty: when it was last heard of"
    )


class AcknowledgeForm(SettleForm):
    """What came of it."""

    way = "acknowledge"


class AdoptStationForm(SettleForm):
    """What the new station is called and where it stands."""

    way = "adopt_station"
    name = forms.CharField(max_length=100, required=False)
    site = forms.ModelChoiceField(Site.objects.all(), required=False)
    make_key = forms.BooleanField(
        label="Make a key", required=False, help_text="Its password, shown once"
    )

    def prepare(self) -> None:
        """Say who would be adopted; where keys are asked for, it needs one."""
        super().prepare()
        self.fields["make_key"].initial = not settings.OCPP_ALLOW_UNAUTHENTICATED
        if self.can_submit and not self.obj.cp_id:
            self.refuse("These attempts were counted together: there is no one identity.")
        elif self.can_submit:
            self.warn(f"{self.obj.cp_id} may connect from now on, whoever it is.")


class AdoptCardForm(SettleForm):
    """Whose card it is."""

    way = "adopt_card"
    label = forms.CharField(max_length=100, required=False, help_text="Printed number, owner, …")
    group = forms.ModelChoiceField(CardGroup.objects.all(), required=False)

    def prepare(self) -> None:
        """Say which card would be adopted."""
        super().prepare()
        if self.can_submit and not self.obj.id_tag:
            self.refuse("These cards were counted together: there is no one id tag.")
        elif self.can_submit:
            self.warn(f"{self.obj.id_tag} may charge from now on.")


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
        title="Attach to a session",
        permission="settle",
        form=AttachForm,
        submit="Attach",
        text="The session takes over the stop or the meter values. What is attached stays "
        "readable as evidence and is never billed by itself.",
        icon="link",
        look="primary",
    )
    def attach(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Give it to a session."""
        number = int(form.cleaned_data["session"])
        settling.attach(case_id=case.pk, transaction_id=number, who=form.who(), at=clock.now())
        return _done(request, case, f"It belongs to session {number} now.")

    @dialog(
        title="Accept the energy",
        permission="settle",
        form=AcceptForm,
        submit="Accept",
        text="The session counts with this energy and may be billed. What it was before is kept "
        "with the case. Every open case of the session is settled.",
        icon="check_circle",
    )
    def accept(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Confirm or correct it."""
        settling.accept(case_id=case.pk, who=form.who(), at=clock.now(), **form.decision())
        return _done(request, case, "The energy is accepted.")

    @dialog(
        title="End the session",
        permission="settle",
        form=EndForm,
        submit="End it",
        text="Its card may charge elsewhere again. The energy waits for the station's own stop, "
        "or for somebody to accept it.",
        icon="stop_circle",
    )
    def end(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """End a session whose station is away."""
        stopped_at = form.cleaned_data["stopped_at"]
        settling.end(case_id=case.pk, who=form.who(), at=clock.now(), stopped_at=stopped_at)
        return _done(request, case, "The session is ended.")

    @dialog(
        title="Adopt the station",
        permission="adopt_station",
        form=AdoptStationForm,
        submit="Adopt",
        icon="add_circle",
        look="primary",
    )
    def adopt_station(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Let it connect from now on, and show its key, once."""
        wanted = {name: form.cleaned_data[name] for name in ("name", "site", "make_key")}
        adopted = adoption.adopt_station(case_id=case.pk, who=form.who(), at=clock.now(), **wanted)
        if adopted.key is None:
            return _done(request, case, f"{adopted.station} may connect.")
        context = {
            "title": "The station's key",
            "name": adopted.station.cp_id,
            "secret": adopted.key,
        }
        return show(self, request, case, "admin/secret_once.html", context)  # type: ignore[arg-type]

    @dialog(
        title="Adopt the card",
        permission="adopt_card",
        form=AdoptCardForm,
        submit="Adopt",
        icon="add_card",
        look="primary",
    )
    def adopt_card(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Let it charge from now on."""
        wanted = {name: form.cleaned_data[name] for name in ("label", "group")}
        _, card = adoption.adopt_card(case_id=case.pk, who=form.who(), at=clock.now(), **wanted)
        return _done(request, case, f"{card} may charge.")

    @dialog(
        title="Discard",
        permission="settle",
        form=SettleForm,
        submit="Discard",
        text="Nothing comes of it. A session stays readable and is not billed; a stop after the "
        "end is put aside, and the session stays as it was.",
        icon="delete",
        danger=True,
        look="danger",
    )
    def discard(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Put it aside."""
        settling.discard(case_id=case.pk, who=form.who(), at=clock.now())
        return _done(request, case, "It is put aside.")

    @dialog(
        title="Acknowledge",
        permission="settle",
        form=AcknowledgeForm,
        submit="Acknowledge",
        text="Somebody looked at it. The same event opens a new case when it happens again.",
        icon="task_alt",
        look="primary",
    )
    def acknowledge(self, request: HttpRequest, case: Any, form: Any) -> HttpResponse:
        """Say what came of a security event."""
        settling.acknowledge(case_id=case.pk, who=form.who(), at=clock.now())
        return _done(request, case, "It is acknowledged.")


def _done(request: HttpRequest, case: ReviewCase, text: str) -> HttpResponse:
    messages.success(request, text)
    return leave(request, display.page(case))
