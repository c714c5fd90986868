"""The remote start dialog: where, for whom, and how much; refused where the card may not charge.

A card nobody knows is sent only once somebody who may send commands confirmed just that.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cms.shared import clock
from cms.shared.dialogs import ShownFirstForm
from rfid.models import RfidCard
from rfid.services import cards
from stations import hooks
from stations.admin import drivers, menu
from stations.admin.forms import ID_TAG, StationForm, SuggestInput
from stations.models import ChargingProfile, ConnectorStatus, ProfilePurpose
from stations.services import sessions
from stations.services.limits import Limit

_LONGEST_TAG = 20  # CiString20Type, OCPP 1.6 section 7.28
_SENDS = "stations.add_command"
_UNKNOWN = gettext_lazy(
    "Nobody here knows the card %(card)s. Its session will be authorised as %(status)s: most "
    "stations end it at once. One that knows the card itself may charge; nobody here pays then."
)
_READY = (ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING)


class RemoteStartForm(ShownFirstForm, StationForm):
    """Which connector, which card or driver, and where it ends by itself."""

    connector_id = forms.ChoiceField(label=gettext_lazy("Connector"), required=False)
    id_tag = forms.CharField(
        label=gettext_lazy("Card or driver"),
        max_length=200,
        widget=SuggestInput("stations_chargingstation_drivers"),
        help_text=gettext_lazy("A card's number or label, or the driver's name"),
    )
    limit_energy = forms.DecimalField(
        label=gettext_lazy("kWh at most"),
        required=False,
        min_value=Decimal("0.1"),
        max_value=10_000,
        decimal_places=3,
    )
    limit_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes at most"), required=False, min_value=1, max_value=10_080
    )
    limit_amount = forms.DecimalField(
        label=gettext_lazy("Cost at most"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100_000,
        decimal_places=2,
        help_text=gettext_lazy("With tax, in the currency of its tariff"),
    )
    profile = forms.ModelChoiceField(
        ChargingProfile.objects.filter(purpose=ProfilePurpose.TX),
        label=gettext_lazy("Charging profile"),
        required=False,
        empty_label=pgettext_lazy("charging profile", "None"),
    )

    def prepare(self) -> None:
        """Pick the connector beforehand where only one is free."""
        super().prepare()
        self.offer_connectors(("", _("Any: the station chooses")))
        free = [row for row in self.connectors() if row.status in _READY]
        if len(free) == 1 and not self.fields["connector_id"].initial:
            self.fields["connector_id"].initial = str(free[0].connector_id)
        if self.can_submit and (why := menu.why_no_charging(self.obj)):
            self.refuse(why)
        if not hooks.session_costs:
            del self.fields["limit_amount"]
        elif found := hooks.currencies(self.obj):
            field = self.fields["limit_amount"]
            field.label = f"{field.label} ({' / '.join(found)})"

    def clean_id_tag(self) -> str:
        """The number of the card that is meant, which may charge here now; of one nobody knows,

        the number that was typed.
        """
        typed: str = self.cleaned_data["id_tag"]
        card = drivers.meant(self.request.user, typed)
        if card is not None:
            self._check(card)
            return card.id_tag
        if len(typed) > _LONGEST_TAG:
            text = _("A card's number has at most %(most)s characters.")
            raise forms.ValidationError(text % {"most": _LONGEST_TAG})
        ID_TAG(typed)
        if not self.request.user.has_perm(_SENDS):
            raise forms.ValidationError(_("Nobody here knows this card: it has to be added first."))
        return typed

    def clean(self) -> dict[str, Any]:
        """A card nobody knows has to be confirmed: some stations know cards that we do not."""
        cleaned: dict[str, Any] = super().clean() or {}
        tag = cleaned.get("id_tag")
        if tag and self.can_submit and not self.errors and cards.find(tag) is None:
            status = cards.authorize(id_tag=tag, at=clock.now()).status
            said = _UNKNOWN % {"card": tag, "status": status}
            self.show_first(("amber", said), press=gettext_lazy("Press again to send it."))
        return cleaned

    def _check(self, card: RfidCard) -> None:
        """Say why ``card`` may not charge here."""
        station = self.obj.pk
        standing = sessions.standing(station_id=station, id_tag=card.id_tag, at=clock.now())
        if standing.accepted:
            return
        who = drivers.name(card) or drivers.number(self.request.user, card.id_tag)
        raise forms.ValidationError(_why(standing.status, card) % {"card": who})

    def payload(self) -> dict[str, Any]:
        """RemoteStartTransaction.req."""
        payload: dict[str, Any] = {"idTag": self.cleaned_data["id_tag"]}
        if self.cleaned_data["connector_id"]:
            payload["connectorId"] = int(self.cleaned_data["connector_id"])
        return payload

    def limit(self) -> Limit:
        """How much it may take."""
        wanted = self.cleaned_data
        energy = wanted["limit_energy"]
        return Limit(
            energy_wh=None if energy is None else round(energy * 1000),
            minutes=wanted["limit_minutes"],
            amount=wanted.get("limit_amount"),
        )


def _why(status: str, card: RfidCard) -> str:
    """A status of idTagInfo as a sentence."""
    if status == "Blocked" and card.status == "Blocked":
        reason = f" ({card.status_reason.replace('%', '%%')})" if card.status_reason else ""
        return _("The card %(card)s is blocked.") + reason
    if status == "Blocked":
        return _("The account of %(card)s does not allow it: too little credit.")
    if status == "Expired":
        return _("The card %(card)s has expired.")
    if status == "ConcurrentTx":
        return _("The card %(card)s charges at another station already.")
    return _("The card %(card)s is not valid yet.")
