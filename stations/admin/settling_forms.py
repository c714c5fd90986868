"""What operators say when they settle a review case: why, and what the way they chose needs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.dialogs import DialogForm
from rfid.models import CardGroup
from stations.admin import drivers
from stations.admin.forms import describe
from stations.models import ChargingSession, ReviewCase, ReviewKind, Site
from stations.models.sessions import OPEN_ENDED
from stations.services import endings
from stations.services.settling import Who

_CHOICES = 50  # sessions to choose from; any other is attached over REST


class SettleForm(DialogForm):
    """Why: whoever looks at it later reads this."""

    obj: ReviewCase
    why = forms.CharField(
        label=lazy("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=lazy("Kept with the case, with your name"),
    )
    way = "discard"

    def prepare(self) -> None:
        """Off where somebody was faster, or where it does not fit the case; the reason is last."""
        self.order_fields([name for name in self.fields if name != "why"])
        if not self.obj.is_open:
            by = self.obj.settled_by_name or _("the system")
            self.refuse(
                _("%(by)s settled it: %(state)s.")
                % {"by": by, "state": self.obj.get_resolution_display().lower()}
            )
        elif self.way not in self.obj.ways:
            self.refuse(_("A case of this kind is settled in another way."))

    def who(self) -> Who:
        """Who decides, and why."""
        return Who(self.request.user, self.cleaned_data["why"])  # type: ignore[arg-type]


class AttachForm(SettleForm):
    """Which session of the same station."""

    way = "attach"
    session = forms.ChoiceField(label=lazy("Session"))

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
        field.choices = [(str(row.pk), describe(row, self.request.user)) for row in rows[:_CHOICES]]
        if self.can_submit and not field.choices:
            self.refuse(_("This station has no session it could belong to."))


class AcceptForm(SettleForm):
    """The energy, and times that are wrong."""

    way = "accept"
    energy_kwh = forms.DecimalField(
        label=lazy("Energy (kWh)"),
        min_value=0,
        max_value=endings.MOST_ENERGY_WH // 1000,
        decimal_places=3,
    )
    started_at = forms.DateTimeField(label=lazy("Started"), required=False)
    stopped_at = forms.DateTimeField(label=lazy("Stopped"), required=False)

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
            shown = display.exact(known) if known else _("unknown")
            self.fields[name].help_text = _("Empty: stays %(value)s") % {"value": shown}
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
        label=lazy("Ended"), required=False, help_text=lazy("Empty: when it was last heard of")
    )


class AcknowledgeForm(SettleForm):
    """What came of it."""

    way = "acknowledge"


class AdoptStationForm(SettleForm):
    """What the new station is called and where it stands."""

    way = "adopt_station"
    name = forms.CharField(label=lazy("Name"), max_length=100, required=False)
    site = forms.ModelChoiceField(Site.objects.all(), label=lazy("Site"), required=False)
    make_key = forms.BooleanField(
        label=lazy("Make a key"), required=False, help_text=lazy("Its password, shown once")
    )

    def prepare(self) -> None:
        """Say who would be adopted; where keys are asked for, it needs one."""
        super().prepare()
        self.fields["make_key"].initial = not settings.OCPP_ALLOW_UNAUTHENTICATED
        if self.can_submit and not self.obj.cp_id:
            self.refuse(_("These attempts were counted together: there is no one identity."))
        elif self.can_submit:
            self.warn(
                _("%(cp_id)s may connect from now on, whoever it is.") % {"cp_id": self.obj.cp_id}
            )


class AdoptCardForm(SettleForm):
    """Whose card it is."""

    way = "adopt_card"
    label = forms.CharField(
        label=lazy("Label"),
        max_length=100,
        required=False,
        help_text=lazy("Printed number, owner, …"),
    )
    group = forms.ModelChoiceField(CardGroup.objects.all(), label=lazy("Group"), required=False)

    def prepare(self) -> None:
        """Say which card would be adopted."""
        super().prepare()
        if self.can_submit and not self.obj.id_tag:
            self.refuse(_("These cards were counted together: there is no one id tag."))
        elif self.can_submit:
            number = drivers.number(self.request.user, self.obj.id_tag)
            self.warn(_("%(id_tag)s may charge from now on.") % {"id_tag": number})
