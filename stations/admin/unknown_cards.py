"""Unknown cards: tapped lately, known by nobody, each with a button that makes it one of ours."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import clock, display, scoping
from cms.shared.admin import BigTableAdmin, ReadOnlyAdmin, RelatedFilter
from cms.shared.dialogs import dialog, leave
from rfid.admin import numbers, panels, tabs
from rfid.admin.panels import Tab
from stations.admin.adopting import AdoptForm
from stations.models import ReviewKind, ReviewState, UnknownCard
from stations.services import adoption


def waiting(rows: QuerySet[UnknownCard]) -> QuerySet[UnknownCard]:
    """Those of ``rows`` that wait to be adopted; what was counted together has no one number."""
    return rows.filter(kind=ReviewKind.UNKNOWN_CARD, state=ReviewState.OPEN).exclude(id_tag="")


@admin.register(UnknownCard)
class UnknownCardAdmin(ReadOnlyAdmin, BigTableAdmin):
    """The cards somebody should make ours, or leave alone; the last that was tapped first."""

    list_display = ("number", "where", "times", "first_seen", "last_seen", "button")
    list_display_links = ("number",)
    list_select_related = ("station",)
    list_filter = (("station", RelatedFilter),)
    list_before_template = "admin/rfid/card_tabs.html"
    search_fields = ("id_tag__istartswith",)
    search_help_text = gettext_lazy("Id tag begins with …")
    ordering = ("-last_seen_at", "-id")  # at most strangers.MOST of them
    actions_detail = ["adopt"]
    fieldsets = ((None, {"fields": ("number", "where", "times", ("first_seen", "last_seen"))}),)

    class Media:
        css = {"all": ("voltdesk/cards.css",)}

    def has_adopt_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may settle what waits for review, and add cards."""
        return request.user.has_perms(["stations.settle_reviewcase", "rfid.add_rfidcard"])

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnknownCard]:
        """Only what still waits."""
        return waiting(super().get_queryset(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The row, which knows whether who looks at it may adopt it."""
        row = super().get_object(request, object_id, from_field)
        return row and self._shown_to(request, row)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UnknownCard], search_term: str
    ) -> tuple[QuerySet[UnknownCard], bool]:
        """By how the number begins; who may not see it has to know the whole one."""
        if numbers.may_see(request.user) or not search_term.strip():
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(subject=search_term.strip().upper()), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, as one of the tabs of cards."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if changes := context.get("cl"):
            if request.user.has_perm("rfid.view_rfidcard"):
                context |= tabs.strip(request, chosen=None)
            changes.result_list = [self._shown_to(request, row) for row in changes.result_list]
        return response

    @dialog(
        title=gettext_lazy("Adopt"),
        permission="adopt",
        form=AdoptForm,
        submit=gettext_lazy("Adopt"),
        icon="add_card",
        look="primary",
    )
    def adopt(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Make it one of ours."""
        _case, card = adoption.adopt_card(
            case_id=row.pk, who=form.who(), at=clock.now(), **form.described()
        )
        messages.success(request, _("%(card)s may charge.") % {"card": card})
        return leave(request, display.page(card))

    def _shown_to(self, request: HttpRequest, row: UnknownCard) -> Any:
        shown: Any = row
        shown.may_adopt = self.has_adopt_permission(request)
        return shown

    @admin.display(description=gettext_lazy("Number"))
    def number(self, row: UnknownCard) -> SafeString:
        """In groups, or its last characters."""
        return numbers.shown(row.id_tag, in_full=numbers.in_full())

    @admin.display(description=gettext_lazy("Last tapped at"))
    def where(self, row: UnknownCard) -> SafeString:
        """The station."""
        return display.link(row.station)

    @admin.display(description=gettext_lazy("Times"))
    def times(self, row: UnknownCard) -> SafeString:
        """How often."""
        return format_html('<span class="vd-number">{}</span>', f"{row.times_seen:,}")

    @admin.display(description=gettext_lazy("First tapped"))
    def first_seen(self, row: UnknownCard) -> SafeString:
        """How long ago."""
        return display.ago(row.first_seen_at)

    @admin.display(description=gettext_lazy("Last tapped"))
    def last_seen(self, row: UnknownCard) -> SafeString:
        """How long ago."""
        return display.ago(row.last_seen_at)

    @admin.display(description="")
    def button(self, row: UnknownCard) -> SafeString | str:
        """What makes it ours."""
        if not getattr(row, "may_adopt", False):
            return ""
        address = reverse("admin:stations_unknowncard_adopt", args=[row.pk])
        return format_html(
            '<a class="vd-button" data-dialog href="{}">{}</a>', address, _("Adopt…")
        )


def _tab(request: HttpRequest) -> Tab | None:
    if not request.user.has_perm("stations.view_unknowncard"):
        return None
    address = reverse("admin:stations_unknowncard_changelist")
    count = tabs.up_to(waiting(scoping.visible(request.user, UnknownCard.objects.all())))
    return Tab(_("Unknown"), count, address, request.path == address)


panels.tabs.append(_tab)
