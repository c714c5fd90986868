"""The forms of bulk commands: of which stations, and what is asked of each."""

from __future__ import annotations

import hashlib
import json
import uuid
from abc import abstractmethod
from typing import Any

from django import forms
from django.db.models import Max
from django.utils.translation import gettext, gettext_lazy

from cms.shared import clock
from stations.admin.errands import Moment
from stations.admin.forms import how_to_reset
from stations.models import ChargingStation, Connector, FirmwareImage
from stations.services import bulk
from stations.services.bulk import Order

_MOST_IMAGES = 200
_MOST_CONNECTORS = 20


class ManyForm(forms.Form):
    """Of which stations. ``token`` makes a double click harmless, ``seen`` is what was shown."""

    ids = forms.CharField(widget=forms.HiddenInput)
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, data: Any = None, *, rows: Any, **more: Any) -> None:
        super().__init__(data, **more)
        self.rows = rows
        self.prepare()

    def prepare(self) -> None:
        """Set the choices."""

    def clean_ids(self) -> list[ChargingStation]:
        """The stations with these ids, by identity; whose somebody may not see are left out."""
        numbers = self.cleaned_data["ids"].split(",")
        if len(numbers) > bulk.MOST_STATIONS:
            message = gettext("Choose at most %(most)s stations.") % {"most": bulk.MOST_STATIONS}
            raise forms.ValidationError(message)
        if not all(number.isdigit() and len(number) < 10 for number in numbers):
            raise forms.ValidationError(gettext("Choose the stations in their list."))
        return list(self.rows.filter(pk__in=[int(number) for number in numbers]).order_by("cp_id"))

    @abstractmethod
    def order(self) -> Order:
        """What is asked."""

    def digest(self) -> str:
        """Of which stations what is asked: the same where nothing of it was changed."""
        meant = [self.order(), [station.pk for station in self.cleaned_data["ids"]]]
        return hashlib.sha256(json.dumps(meant, default=str).encode()).hexdigest()[:32]


class ResetMany(ManyForm):
    """How, and what of stations that charge."""

    kind = how_to_reset()
    busy = forms.ChoiceField(
        label=gettext_lazy("Stations with running sessions"),
        choices=[
            ("spare", gettext_lazy("Leave them alone")),
            ("reset", gettext_lazy("Reset them too: their sessions end")),
        ],
        initial="spare",
        widget=forms.RadioSelect,
    )

    def order(self) -> Order:
        """Reset.req."""
        wanted = self.cleaned_data
        return Order("Reset", {"type": wanted["kind"]}, spare_busy=wanted["busy"] == "spare")


class AvailabilityMany(ManyForm):
    """What, and whether it may be used."""

    connector_id = forms.ChoiceField(label=gettext_lazy("What"))
    kind = forms.ChoiceField(
        label=gettext_lazy("Shall be"),
        choices=[
            ("Operative", gettext_lazy("In service")),
            ("Inoperative", gettext_lazy("Out of service: sessions under way go on to their end")),
        ],
        initial="Operative",
        widget=forms.RadioSelect,
    )

    def prepare(self) -> None:
        """The whole station, or one outlet of each that has it."""
        most = Connector.objects.filter(station__in=self.rows).aggregate(n=Max("connector_id"))["n"]
        field = self.fields["connector_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("0", gettext("The whole station")),
            *(
                (str(number), gettext("Connector %(number)s") % {"number": number})
                for number in range(1, min(most or 0, _MOST_CONNECTORS) + 1)
            ),
        ]
        field.initial = "0"

    def order(self) -> Order:
        """ChangeAvailability.req."""
        wanted = self.cleaned_data
        number = int(wanted["connector_id"])
        return Order("ChangeAvailability", {"connectorId": number, "type": wanted["kind"]})


class FirmwareMany(ManyForm):
    """Which firmware, when, and whether signed."""

    image = forms.ModelChoiceField(
        FirmwareImage.objects.none(), label=gettext_lazy("Firmware"), empty_label=None
    )
    signed = forms.BooleanField(
        label=gettext_lazy("Signed update"),
        required=False,
        help_text=gettext_lazy("For stations of the security extensions"),
    )
    retrieve_at = Moment(gettext_lazy("Download at"), gettext_lazy("Empty: now"))
    busy = forms.ChoiceField(
        label=gettext_lazy("Stations with running sessions"),
        choices=[
            ("spare", gettext_lazy("Leave them alone")),
            ("ask", gettext_lazy("Tell them too: most wait until nobody charges")),
        ],
        initial="spare",
        widget=forms.RadioSelect,
    )

    def prepare(self) -> None:
        """The newest images; the newest of all is chosen."""
        field = self.fields["image"]
        assert isinstance(field, forms.ModelChoiceField)
        newest = FirmwareImage.objects.values("pk").order_by("-pk")[:_MOST_IMAGES]
        field.queryset = FirmwareImage.objects.filter(pk__in=[row["pk"] for row in newest])
        field.initial = newest[0]["pk"] if newest else None

    def clean(self) -> dict[str, Any]:
        """A signed update needs what signs it."""
        image = self.cleaned_data.get("image")
        if self.cleaned_data.get("signed") and image and not image.is_signed:
            self.add_error("signed", gettext("This image has no signature or no certificate."))
        return self.cleaned_data

    def order(self) -> Order:
        """What ``batch_firmware.wanted`` reads."""
        wanted = self.cleaned_data
        at = wanted["retrieve_at"]
        payload: dict[str, Any] = {
            "image": wanted["image"].pk,
            **({"signed": True} if wanted["signed"] else {}),
            **({"retrieveDate": clock.text(at)} if at else {}),
        }
        return Order("UpdateFirmware", payload, spare_busy=wanted["busy"] == "spare")


class TriggerMany(ManyForm):
    """Which message."""

    message = forms.ChoiceField(
        label=gettext_lazy("Message"),
        choices=[(name, name) for name in bulk.MESSAGES],
        initial="StatusNotification",
    )

    def order(self) -> Order:
        """TriggerMessage.req, of all connectors where it is about connectors."""
        return Order("TriggerMessage", {"requestedMessage": self.cleaned_data["message"]})


class ConfigurationMany(ManyForm):
    """Which keys."""

    keys = forms.CharField(
        label=gettext_lazy("Keys"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("Separated by spaces or commas; empty: all of them"),
    )

    def clean_keys(self) -> list[str]:
        """The keys, each at most 50 characters (CiString50Type)."""
        keys: list[str] = self.cleaned_data["keys"].replace(",", " ").split()
        if any(len(key) > 50 for key in keys):
            raise forms.ValidationError(gettext("A key has at most 50 characters."))
        return keys

    def order(self) -> Order:
        """GetConfiguration.req."""
        keys = self.cleaned_data["keys"]
        return Order("GetConfiguration", {"key": keys} if keys else {})
