"""The form by which a card that was presented becomes one of ours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared.dialogs import DialogForm
from rfid.admin import numbers
from rfid.admin.dialogs import until_field
from rfid.admin.drivers import DriverField
from rfid.models import CardGroup
from stations.admin.forms import SuggestInput
from stations.services.settling import Who


class AdoptForm(DialogForm):
    """What it is called, whose it is, and until when it is valid. ``obj`` has its ``id_tag``."""

    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Printed number, owner, …"),
    )
    driver = DriverField(widget=SuggestInput("rfid_rfidcard_drivers"))
    group = forms.ModelChoiceField(
        CardGroup.objects.all(), label=gettext_lazy("Group"), required=False
    )
    valid_until = until_field()

    def prepare(self) -> None:
        """Say which card it is, and that it may charge then."""
        if not self.obj.id_tag:
            self.refuse(_("There is no one id tag."))
            return
        number = numbers.shown(self.obj.id_tag, in_full=numbers.may_see(self.request.user))
        self.warn(_("%(card)s may charge from now on.") % {"card": number}, "blue")

    def who(self) -> Who:
        """Who adopts it; why needs no more words."""
        return Who(self.request.user, _("Adopted as a card."))  # type: ignore[arg-type]

    def described(self) -> dict[str, Any]:
        """What the service takes."""
        cleaned = self.cleaned_data
        return {
            "label": cleaned["label"],
            "user": cleaned["driver"],
            "group": cleaned["group"],
            "valid_until": cleaned["valid_until"],
        }
