"""A quirk as a form: its value typed as JSON, or as the bare word."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared.admin import (
    TextInput,
)
from stations.models import KNOBS, Quirk


class QuirkForm(forms.ModelForm):  # type: ignore[type-arg]
    """A quirk; its value as JSON, or as the bare word."""

    value = forms.CharField(
        label=lazy("Value"),
        widget=TextInput(attrs={"spellcheck": "false"}),
    )

    class Meta:
        model = Quirk
        fields = ("name", "value", "vendor", "model", "firmware", "enabled", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:  # not for what came with the system
            about = [(name, f"{name}: {_(knob.help)}") for name, knob in KNOBS.items()]
            self.fields["name"].choices = about  # type: ignore[attr-defined]
        if "value" in self.fields:
            line = "<div><strong>{}</strong>: {}</div>"
            expected = ((name, _(knob.expected)) for name, knob in KNOBS.items())
            self.fields["value"].help_text = format_html_join("", line, expected)
            if self.instance.pk:
                self.initial["value"] = typed(self.instance.value)

    def clean_value(self) -> Any:
        """The value it stands for; whether it fits the name is the model's to say."""
        text = self.cleaned_data["value"].strip()
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text


def typed(value: Any) -> str:
    """A value as one types it: a word without its quotes."""
    return value if isinstance(value, str) else json.dumps(value)
