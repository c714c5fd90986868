"""Tariffs: made, published anew, and assigned; what was published never changes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from billing.admin import terms
from billing.admin.terms import TermsFields
from billing.models import LEVELS, Tariff, TariffAssignment
from billing.rating import documents, wording
from billing.services import tariffs
from cms.shared import clock, dialogs, display
from cms.shared.admin import ReadOnlyAdmin
from cms.shared.dialogs import ConfirmForm, DialogForm, dialog
from rfid.models import CardGroup
from stations.models import ChargingStation, Connector, Site

_SHOWN = 50


class _ValidFrom(forms.Form):
    valid_from = forms.DateTimeField(
        label="Valid from",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="Empty: now",
    )


class NewTariffForm(TermsFields, _ValidFrom, DialogForm):
    """A tariff with its first terms."""

    field_order = ("name", "note")
    name = forms.CharField(max_length=100)
    note = forms.CharField(max_length=200, required=False)


class NewTermsForm(TermsFields, _ValidFrom, DialogForm):
    """The terms of a new version; those in force are filled in."""

    obj: Tariff

    def prepare(self) -> None:
        """Begin with the newest terms; the currency stays."""
        newest = self.obj.versions.order_by("-number").first()
        if newest is not None:
            self.initial = {**terms.initial(newest), **self.initial}
        self.fields["currency"].disabled = True
        self.fields["currency"].initial = self.obj.currency
        self.warn("Sessions that began before keep the terms they have.", "blue")


class AssignForm(DialogForm):
    """For whom or where it counts: one of these."""

    everywhere = forms.BooleanField(required=False, help_text="Where nothing else counts")
    site = forms.ModelChoiceField(Site.objects.all(), required=False)
    station = forms.CharField(max_length=100, required=False, help_text="Its identity")
    connector = forms.IntegerField(
        min_value=1, required=False, help_text="Of that station; empty: all of them"
    )
    card_group = forms.ModelChoiceField(CardGroup.objects.all(), required=False)
    user = forms.CharField(max_length=150, required=False, help_text="User name")

    def clean_station(self) -> Any:
        """The station itself."""
        return self._found(ChargingStation, "cp_id__iexact", "station")

    def clean_user(self) -> Any:
        """The user itself."""
        return self._found(get_user_model(), "username", "user")

    def clean(self) -> dict[str, Any]:
        """``level`` and ``target``."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["connector"] and cleaned["station"]:
            cleaned["connector"] = self._outlet(cleaned["station"], cleaned["connector"])
            cleaned["station"] = None
        chosen = [level for level in LEVELS if cleaned.get(level)]
        if len(chosen) != 1:
            raise forms.ValidationError("Choose one of them.")
        cleaned["level"], cleaned["target"] = chosen[0], cleaned[chosen[0]]
        return cleaned

    def _found(self, model: Any, lookup: str, field: str) -> Any:
        text = self.cleaned_data[field]
        row = model.objects.filter(**{lookup: text}).first() if text else None
        if text and row is None:
            raise forms.ValidationError(f"There is no {field} {text}.")
        return row

    def _outlet(self, station: ChargingStation, number: int) -> Connector | None:
        row = Connector.objects.filter(station=station, connector_id=number).first()
        if row is None:
            self.add_error("connector", f"{station} has no connector {number}.")
        return row


@admin.register(Tariff)
class TariffAdmin(ReadOnlyAdmin):
    """What charging costs."""

    list_display = ("name", "currency", "newest", "costs", "note")
    search_fields = ("name__istartswith",)
    search_help_text = "Name begins with …"
    actions_list = ["define"]
    actions_detail = ["publish", "assign"]
    change_form_outer_after_template = "admin/billing/tariff_tail.html"
    fieldsets = ((None, {"fields": ("name", "currency", "note")}),)

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the newest version of each at hand."""
        return super().get_queryset(request).prefetch_related("versions")

    def has_define_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may say what charging costs."""
        return request.user.has_perm("billing.add_tariff")

    def has_publish_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change it."""
        return request.user.has_perm("billing.add_tariffversion")

    def has_assign_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may say where it counts."""
        return request.user.has_perm("billing.add_tariffassignment")

    @dialog(
        title="New tariff",
        permission="define",
        form=NewTariffForm,
        submit="Publish",
        icon="add",
        look="primary",
    )
    def define(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Make it."""
        said = {name: form.cleaned_data[name] for name in ("name", "note", "terms", "valid_from")}
        made = tariffs.define(**said, at=clock.now(), by_id=request.user.pk)
        return dialogs.leave(request, display.page(made.tariff))

    @dialog(
        title="New terms",
        permission="publish",
        form=NewTermsForm,
        submit="Publish",
        icon="edit",
        look="primary",
    )
    def publish(self, request: HttpRequest, tariff: Any, form: Any) -> HttpResponse:
        """Publish a version."""
        tariffs.publish(
            tariff_id=tariff.pk,
            terms=form.cleaned_data["terms"],
            valid_from=form.cleaned_data["valid_from"],
            at=clock.now(),
            by_id=request.user.pk,
        )
        return dialogs.leave(request, display.page(tariff))

    @dialog(
        title="Assign",
        permission="assign",
        form=AssignForm,
        submit="Assign",
        text="The most specific counts: connector, station, site, card group, user, default.",
        icon="place",
    )
    def assign(self, request: HttpRequest, tariff: Any, form: Any) -> HttpResponse:
        """Let it count there."""
        said = form.cleaned_data
        tariffs.assign(tariff=tariff, level=said["level"], target=said["target"])
        return dialogs.leave(request, display.page(tariff))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With its versions and assignments below."""
        tariff = self.get_object(request, object_id)
        shown = _shown(request, tariff) if tariff else {}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    @admin.display(description="Version")
    def newest(self, row: Tariff) -> Any:
        """Its number."""
        numbers = [version.number for version in row.versions.all()]
        return max(numbers, default=display.NOTHING)

    @admin.display(description="Costs")
    def costs(self, row: Tariff) -> str:
        """The newest terms in short."""
        versions = sorted(row.versions.all(), key=lambda version: version.number)
        return _short(versions[-1].terms) if versions else str(display.NOTHING)


@admin.register(TariffAssignment)
class TariffAssignmentAdmin(ReadOnlyAdmin):
    """Where tariffs count."""

    list_display = ("counts_for", "level_word", "of_tariff", "created_at")
    list_select_related = (
        *("tariff", "station", "site", "card_group", "user"),
        "connector__station",
    )
    actions_row = ["take_away"]
    fieldsets = ((None, {"fields": ("counts_for", "level_word", "of_tariff", "created_at")}),)

    def has_take_away_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may."""
        return request.user.has_perm("billing.delete_tariffassignment")

    @dialog(
        title="Take away",
        permission="take_away",
        form=ConfirmForm,
        submit="Take away",
        text="New sessions there have the next less specific tariff, if any.",
        icon="delete",
        danger=True,
    )
    def take_away(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """It counts there no more."""
        tariffs.unassign(assignment=row)
        return dialogs.leave(request, reverse("admin:billing_tariffassignment_changelist"))

    @admin.display(description="For")
    def counts_for(self, row: TariffAssignment) -> str:
        """Its target."""
        if row.connector is not None:
            return f"{row.connector.station} / {row.connector.connector_id}"
        return str(row.target)

    @admin.display(description="Level")
    def level_word(self, row: TariffAssignment) -> str:
        """What kind of target."""
        return row.level.replace("_", " ")

    @admin.display(description="Tariff")
    def of_tariff(self, row: TariffAssignment) -> SafeString:
        """Which."""
        return display.link(row.tariff)


def _short(document: dict[str, Any]) -> str:
    found = documents.terms(document)
    parts = [
        f"{component.price.normalize():f} {found.currency}"
        f"{'' if component.per == 'once' else f'/{component.per}'} {component.kind}"
        for component in found.components[:4]
    ]
    more = "" if len(found.components) <= len(parts) else " …"
    return ", ".join(parts) + more


def _shown(request: HttpRequest, tariff: Tariff) -> dict[str, Any]:
    versions = tariff.versions.select_related("published_by").order_by("-number")[:_SHOWN]
    assigned = tariff.assignments.select_related(
        "connector__station", "station", "site", "card_group", "user"
    )
    return {
        "tariff": tariff,
        "versions": [
            {
                "number": version.number,
                "valid_from": display.when(version.valid_from),
                "by": version.published_by or display.NOTHING,
                "lines": _lines(version.terms),
            }
            for version in versions
        ],
        "assignments": [
            {"level": row.level.replace("_", " "), "target": row.target}
            for row in assigned[:_SHOWN]
        ],
    }


def _lines(document: dict[str, Any]) -> list[str]:
    """Each component in a sentence."""
    found = documents.terms(document)
    return [
        f"{component.price.normalize():f} {found.currency} "
        f"{'' if component.per == 'once' else f'per {component.per}'}: "
        + wording.english(wording.reasons(component))
        for component in found.components
    ]
