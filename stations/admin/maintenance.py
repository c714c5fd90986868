"""The forms of the dialogs about upkeep: availability, messages on demand, configuration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display, texts
from cms.shared.errors import DomainError
from stations.admin.forms import StationForm
from stations.services import triggers

_MESSAGES = (
    "BootNotification",
    "StatusNotification",
    "MeterValues",
    "Heartbeat",
    "FirmwareStatusNotification",
    "DiagnosticsStatusNotification",
)


class AvailabilityForm(StationForm):
    """What, and whether it may be used."""

    connector_id = forms.ChoiceField(label=lazy("What"))
    kind = forms.ChoiceField(
        label=lazy("Shall be"),
        choices=[("Operative", lazy("In service")), ("Inoperative", lazy("Out of service"))],
        widget=forms.RadioSelect,
    )

    def prepare(self) -> None:
        """The whole station or one outlet."""
        super().prepare()
        self.offer_connectors(("0", _("The whole station")))

    def payload(self) -> dict[str, Any]:
        """ChangeAvailability.req."""
        number = int(self.cleaned_data["connector_id"])
        return {"connectorId": number, "type": self.cleaned_data["kind"]}


class TriggerForm(StationForm):
    """Which message, of which connector."""

    message = forms.ChoiceField(label=lazy("Message"), choices=[(name, name) for name in _MESSAGES])
    connector_id = forms.ChoiceField(label=lazy("Connector"), required=False)

    def prepare(self) -> None:
        """All outlets unless one is chosen."""
        super().prepare()
        self.offer_connectors(("", _("All")))

    def clean(self) -> dict[str, Any]:
        """Only some messages are about one connector."""
        if not self.errors:
            try:
                triggers.check(self.payload())
            except DomainError as error:
                self.add_error("connector_id", texts.localised(error.message))
        return self.cleaned_data

    def payload(self) -> dict[str, Any]:
        """TriggerMessage.req."""
        payload: dict[str, Any] = {"requestedMessage": self.cleaned_data["message"]}
        if self.cleaned_data["connector_id"]:
            payload["connectorId"] = int(self.cleaned_data["connector_id"])
        return payload


class GetConfigurationForm(StationForm):
    """Some keys, or all."""

    keys = forms.CharField(
        label=lazy("Keys"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=lazy("Separated by spaces or commas; empty: all of them"),
    )

    def clean_keys(self) -> list[str]:
        """The keys, each at most 50 characters (CiString50Type)."""
        keys: list[str] = self.cleaned_data["keys"].replace(",", " ").split()
        if any(len(key) > 50 for key in keys):
            raise forms.ValidationError(_("A key has at most 50 characters."))
        return keys

    def payload(self) -> dict[str, Any]:
        """GetConfiguration.req."""
        return {"key": self.cleaned_data["keys"]} if self.cleaned_data["keys"] else {}


class ChangeConfigurationForm(StationForm):
    """One key and its new value."""

    key = forms.CharField(
        label=lazy("Key"), max_length=50, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    value = forms.CharField(
        label=lazy("Value"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )

    def prepare(self) -> None:
        """The key that was clicked, with its present value."""
        super().prepare()
        known = self.obj.configuration.filter(key=self.request.GET.get("key", "")).first()
        if known is not None:
            self.fields["key"].initial = known.key
            self.fields["value"].initial = known.value
            if known.readonly:
                self.warn(
                    _("The station says that %(key)s cannot be changed.") % {"key": known.key}
                )

    def clean_key(self) -> str:
        """Not the station's password: it would stay readable in the log of commands."""
        key: str = self.cleaned_data["key"]
        if display.is_secret(key):
            raise forms.ValidationError(_("Set the station's key with “New key” instead."))
        return key

    def payload(self) -> dict[str, Any]:
        """ChangeConfiguration.req."""
        return {"key": self.cleaned_data["key"], "value": self.cleaned_data["value"]}


class DataTransferForm(StationForm):
    """Whose message, which, and what it says."""

    vendor_id = forms.CharField(label=lazy("Vendor"), max_length=255)
    message_id = forms.CharField(label=lazy("Message"), max_length=50, required=False)
    content = forms.CharField(
        label=lazy("Data"),
        required=False,
        max_length=10000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=lazy("Text; JSON where the vendor says so"),
    )

    def payload(self) -> dict[str, Any]:
        """DataTransfer.req."""
        wanted = self.cleaned_data
        members = {"messageId": wanted["message_id"], "data": wanted["content"]}
        return {
            "vendorId": wanted["vendor_id"],
            **{name: value for name, value in members.items() if value},
        }
