"""The terms of a tariff as a form: the usual prices as fields, everything else as the document."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.models import TariffVersion
from billing.rating import documents
from billing.rating.documents import InvalidTerms
from cms.shared import texts

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_PRICES: dict[str, dict[str, Any]] = {  # field: the component it stands for
    "start_fee": {"kind": "start"},
    "per_kwh": {"kind": "energy"},
    "per_minute": {"kind": "time", "per": "min"},
    "idle_per_minute": {"kind": "idle", "per": "min", "step": 60, "step_rounding": "down"},
}
_LIMITS = ("minimum", "maximum")


def _price(label: StrOrPromise, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_digits=12,
        decimal_places=6,
        required=False,
        help_text=help_text,
    )


class TermsFields(forms.Form):
    """What charging costs. The document, where it is filled in, counts instead of the fields."""

    currency = forms.CharField(
        label=lazy("Currency"), max_length=3, initial="EUR", help_text=lazy("ISO 4217, such as EUR")
    )
    tax_rate = forms.DecimalField(
        label=lazy("Tax (%)"), min_value=0, max_value=100, max_digits=9, decimal_places=6, initial=0
    )
    tax_included = forms.BooleanField(label=lazy("Prices contain the tax"), required=False)
    start_fee = _price(lazy("Start fee"))
    per_kwh = _price(lazy("Price per kWh"))
    per_minute = _price(lazy("Price per minute of charging"))
    idle_per_minute = _price(lazy("Price per full minute without charging"))
    idle_grace = forms.IntegerField(
        label=lazy("Free minutes without charging"), min_value=0, max_value=100_000, required=False
    )
    idle_cap = _price(lazy("At most for minutes without charging"))
    minimum = _price(lazy("Minimum price of a session"))
    maximum = _price(lazy("Maximum price of a session"))
    document = forms.CharField(
        label=lazy("Terms as JSON"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=lazy(
            "Times of day, weekdays, thresholds and the rest: docs/tariffs.md."
            " Where it is filled in, the prices above do not count."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """``terms``: what the fields say, checked as a whole."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                written = _document(cleaned)
                documents.terms(written)
            except (InvalidTerms, ValueError) as error:
                self._say(error)
            else:
                cleaned["terms"] = written
        return cleaned

    def _say(self, error: Exception) -> None:
        if not isinstance(error, InvalidTerms):
            self.add_error("document", _("This should be JSON: %(error)s") % {"error": error})
            return
        for path, problems in error.fields.items():
            field = path if path in self.fields else "document"
            self.add_error(
                field,
                [
                    said if field == path else f"{path}: {said}"
                    for said in map(texts.localised, problems)
                ],
            )


def initial(version: TariffVersion) -> dict[str, Any]:
    """The form filled in with the terms of ``version``: its fields where they can say it all."""
    found = _fields(version.terms)
    if found is not None and documents.terms(_document(found)) == documents.terms(version.terms):
        return found
    text = json.dumps(version.terms, indent=2)
    return {"currency": version.terms["currency"], "tax_rate": 0, "document": text}


def _document(fields: dict[str, Any]) -> dict[str, Any]:
    """The document the fields state. Raises ValueError where the typed one is no JSON."""
    if fields.get("document"):
        typed = json.loads(fields["document"])
        return typed if isinstance(typed, dict) else {"components": typed}
    components: list[dict[str, Any]] = [
        {**component, "price": str(fields[name])}
        for name, component in _PRICES.items()
        if fields.get(name)
    ]
    for component in components:
        if component["kind"] == "idle":
            component |= _idle(fields)
    written = {
        "currency": fields["currency"].upper(),
        "tax_rate": str(fields["tax_rate"]),
        "tax_included": bool(fields.get("tax_included")),
        "components": components or [{"kind": "energy", "price": "0"}],
    }
    return written | {name: str(fields[name]) for name in _LIMITS if fields.get(name)}


def _idle(fields: dict[str, Any]) -> dict[str, Any]:
    grace, cap = fields.get("idle_grace"), fields.get("idle_cap")
    return {
        **({"grace_seconds": grace * 60} if grace else {}),
        **({"cap": str(cap)} if cap else {}),
    }


def _fields(terms: dict[str, Any]) -> dict[str, Any] | None:
    """What the fields would be; None where a kind of component has no field."""
    found: dict[str, Any] = {
        "currency": terms["currency"],
        "tax_rate": Decimal(terms.get("tax_rate", "0")),
        "tax_included": terms.get("tax_included", False),
        **{name: Decimal(terms[name]) for name in _LIMITS if name in terms},
    }
    names = {component["kind"]: name for name, component in _PRICES.items()}
    for component in terms["components"]:
        name = names.get(component["kind"])
        if name is None or name in found:
            return None
        found[name] = Decimal(component["price"])
        if component["kind"] == "idle":
            found["idle_grace"] = component.get("grace_seconds", 0) // 60
            found["idle_cap"] = Decimal(component["cap"]) if "cap" in component else None
    return found
