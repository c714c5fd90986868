"""Tariffs: made, published anew, and assigned; what was published never changes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin.tariff_forms import AssignForm, NewTariffForm, NewTermsForm
from billing.models import Tariff, TariffAssignment
from billing.rating import documents, wording
from billing.services import tariffs
from cms.shared import clock, dialogs, display, texts
from cms.shared.admin import ReadOnlyAdmin
from cms.shared.dialogs import ConfirmForm, dialog

_SHOWN = 50


@admin.register(Tariff)
class TariffAdmin(ReadOnlyAdmin):
    """What charging costs."""

    list_display = ("name", "currency", "newest", "costs", "note")
    search_fields = ("name__istartswith",)
    search_help_text = lazy("Name begins with …")
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
        title=lazy("New tariff"),
        permission="define",
        form=NewTariffForm,
        submit=lazy("Publish"),
        icon="add",
        look="primary",
    )
    def define(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Make it."""
        said = {name: form.cleaned_data[name] for name in ("name", "note", "terms", "valid_from")}
        made = tariffs.define(**said, at=clock.now(), by_id=request.user.pk)
        return dialogs.leave(request, display.page(made.tariff))

    @dialog(
        title=lazy("New terms"),
        permission="publish",
        form=NewTermsForm,
        submit=lazy("Publish"),
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
        title=lazy("Assign"),
        permission="assign",
        form=AssignForm,
        submit=lazy("Assign"),
        text=lazy("The most specific counts: connector, station, site, card group, user, default."),
        icon="place",
    )
    def assign(self, request: HttpRequest, tariff: Any, form: Any) -> HttpResponse:
        """Let it count there."""
        said = form.cleaned_data
        tariffs.assign(tariff=tariff, level=said["level"], target=said["target"])
        return dialogs.leave(request, display.page(tariff))

    def around(self, request: HttpRequest, tariff: Tariff) -> dict[str, Any]:
        """With its versions and assignments below."""
        return _shown(request, tariff)

    @admin.display(description=lazy("Version"))
    def newest(self, row: Tariff) -> Any:
        """Its number."""
        numbers = [version.number for version in row.versions.all()]
        return max(numbers, default=display.NOTHING)

    @admin.display(description=lazy("Costs"))
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
        title=lazy("Take away"),
        permission="take_away",
        form=ConfirmForm,
        submit=lazy("Take away"),
        text=lazy("New sessions there have the next less specific tariff, if any."),
        icon="delete",
        danger=True,
    )
    def take_away(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """It counts there no more."""
        tariffs.unassign(assignment=row)
        return dialogs.leave(request, reverse("admin:billing_tariffassignment_changelist"))

    @admin.display(description=lazy("For"))
    def counts_for(self, row: TariffAssignment) -> str:
        """Its target."""
        if row.connector is not None:
            return f"{row.connector.station} / {row.connector.connector_id}"
        return texts.localised(row.target)

    @admin.display(description=lazy("Level"))
    def level_word(self, row: TariffAssignment) -> str:
        """What kind of target."""
        return _level(row)

    @admin.display(description=lazy("Tariff"))
    def of_tariff(self, row: TariffAssignment) -> SafeString:
        """Which."""
        return display.link(row.tariff)


def _level(row: TariffAssignment) -> str:
    """What it is assigned to, in the reader's words."""
    field: Any = row._meta.get_field(row.level)
    return str(field.verbose_name)


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
            {"level": _level(row), "target": texts.localised(row.target)}
            for row in assigned[:_SHOWN]
        ],
    }


def _lines(document: dict[str, Any]) -> list[str]:
    """Each component in a sentence."""
    found = documents.terms(document)
    return [
        f"{component.price.normalize():f} {found.currency} "
        f"{'' if component.per == 'once' else _('per %(unit)s') % {'unit': component.per}}: "
        + wording.english(wording.reasons(component))
        for component in found.components
    ]
