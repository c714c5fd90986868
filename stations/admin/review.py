"""The review queue: the list by kind, and a page per case with its evidence and its dialogs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from cms.shared import display, scoping
from cms.shared.admin import (
    BigTableAdmin,
    ChoiceFilter,
    FixedFilter,
    RelatedFilter,
)
from rfid.admin import numbers
from stations.admin import evidence, find, known_facts, words
from stations.admin.settling import SettlingActions
from stations.models import ReviewCase, ReviewKind, ReviewState

_MOST = 5000  # open cases told apart by kind: more than strangers may cause; no scan beyond it


class StateFilter(FixedFilter):
    """By whether somebody still has to look: the open ones, unless more is asked for."""

    title = lazy("state")
    parameter_name = "state"
    options = (
        (ReviewState.OPEN, pgettext_lazy("state", "Open")),
        (ReviewState.SETTLED, lazy("Settled")),
        ("all", lazy("All")),
    )
    all_option = None

    def value(self) -> str:
        """The chosen one, or the open ones."""
        chosen = super().value()
        return chosen if chosen in {value for value, _ in self.options} else ReviewState.OPEN

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ReviewCase]
    ) -> QuerySet[ReviewCase]:
        """Who looks for one case wants it, settled or not."""
        everything = self.value() == "all" or (request.GET.get("q") and "state" not in request.GET)
        return queryset if everything else queryset.filter(state=self.value())


@admin.register(ReviewCase)
class ReviewAdmin(SettlingActions, BigTableAdmin):
    """What waits for somebody's decision, and what was decided."""

    list_display = (
        "number",
        "state_shown",
        "about",
        "of_station",
        "why_here",
        "times",
        "last_seen",
    )
    list_display_links = ("number",)
    list_select_related = ("station", "session")
    list_filter = (
        StateFilter,
        ("kind", ChoiceFilter),
        ("station", RelatedFilter),
        ("station__site", RelatedFilter),
    )
    list_before_template = "admin/stations/review_kinds.html"
    actions = None
    search_fields = ("id",)
    search_help_text = lazy("Number, id tag, identity, or identity of a station begins with …")
    actions_detail = [
        *("attach", "accept", "end", "acknowledge"),
        *("adopt_station", "adopt_card", "discard"),
    ]
    change_form_outer_before_template = "admin/stations/review_head.html"
    change_form_outer_after_template = "admin/stations/review_tail.html"
    fieldsets = (
        (
            lazy("What happened"),
            {
                "fields": (
                    ("about", "why_here"),
                    ("of_station", "of_session"),
                    ("cp_id", "tag"),
                    ("first_seen", "last_seen"),
                    ("times", "address"),
                    "details",
                )
            },
        ),
        (
            lazy("What was decided"),
            {"fields": (("state_shown", "settled"), ("by", "why"), "changed")},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was decided, only once something was."""
        shown = super().get_fieldsets(request, obj)
        return shown[:1] if obj and obj.is_open else shown

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: what happens makes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: they are settled, each in its dialogs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReviewCase], search_term: str
    ) -> tuple[QuerySet[ReviewCase], bool]:
        """By number, id tag or identity, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        folded = queryset.alias(tag=Upper("id_tag"), name=Upper("cp_id"))
        wanted = Q(tag=Upper(Value(text))) | Q(name=Upper(Value(text)))
        if (pk := find.number(text)) is not None:
            wanted |= Q(pk=pk)
        exact = folded.filter(wanted)
        found = exact if exact.order_by().exists() else find.at_stations(queryset, text)
        return found, False

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only the ways that fit the case; none where it is settled."""
        case = ReviewCase.objects.filter(pk=find.number(str(object_id)) or 0).first()
        actions: list[Any] = super().get_actions_detail(request, object_id)
        ways = case.ways if case else ()
        return [action for action in actions if action.action_name.endswith(ways)] if ways else []

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the kinds that wait as links above it."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if changes := context.get("cl"):
            context["kinds"] = _kinds(request, changes)
        return response

    def around(self, request: HttpRequest, case: ReviewCase) -> dict[str, Any]:
        """The facts, with the evidence below."""
        beside = evidence.neighbours(request, case, self.get_queryset(request))
        return {**evidence.page(request, case), **beside}

    @admin.display(description=lazy("Case"))
    def number(self, row: ReviewCase) -> SafeString:
        """Its number."""
        return format_html("#{}", row.pk)

    @admin.display(description=lazy("State"))
    def state_shown(self, row: ReviewCase) -> SafeString:
        """Open, or how it was settled."""
        return words.review_state(row)

    @admin.display(description=lazy("What"))
    def about(self, row: ReviewCase) -> SafeString:
        """Its kind, and who or what it is about."""
        number = row.evidence.get("transactionId")
        reported = "" if number is None else _("transaction %(number)s") % {"number": number}
        card = numbers.cell(row.id_tag) if row.id_tag else ""
        named = row.session or row.cp_id or card or reported or _("many, counted together")
        return format_html(
            '<span class="vd-two"><strong>{}</strong><small>{}</small></span>',
            row.get_kind_display(),
            named,
        )

    @admin.display(description=lazy("Station"))
    def of_station(self, row: ReviewCase) -> SafeString:
        """Where."""
        return display.link(row.station)

    @admin.display(description=lazy("Session"))
    def of_session(self, row: ReviewCase) -> SafeString:
        """Which."""
        return display.link(row.session)

    @admin.display(description=lazy("Why"))
    def why_here(self, row: ReviewCase) -> str:
        """Why it is here, in words."""
        return words.reason(row.reason)

    @admin.display(description=lazy("Id tag"))
    def tag(self, row: ReviewCase) -> str | SafeString:
        """What was presented."""
        return numbers.cell(row.id_tag)

    @admin.display(description=lazy("Times"))
    def times(self, row: ReviewCase) -> SafeString:
        """How often it was seen."""
        return format_html('<span class="vd-number">{}</span>', f"{row.times_seen:,}")

    @admin.display(description=lazy("Last seen"))
    def last_seen(self, row: ReviewCase) -> SafeString:
        """How long ago."""
        return display.ago(row.last_seen_at)

    @admin.display(description=lazy("First seen"))
    def first_seen(self, row: ReviewCase) -> SafeString:
        """Exactly."""
        return display.when(row.first_seen_at)

    @admin.display(description=lazy("Details"))
    def details(self, row: ReviewCase) -> SafeString:
        """As they were noted."""
        return known_facts.evidence(row.evidence)

    @admin.display(description=lazy("Settled"))
    def settled(self, row: ReviewCase) -> SafeString:
        """Exactly."""
        return display.when(row.settled_at)

    @admin.display(description=lazy("By"))
    def by(self, row: ReviewCase) -> str | SafeString:
        """Who; nobody where it completed by itself."""
        return row.settled_by_name or display.NOTHING

    @admin.display(description=lazy("What changed"))
    def changed(self, row: ReviewCase) -> SafeString:
        """Each field before and after."""
        return known_facts.changes(row.changes)


def _kinds(request: HttpRequest, changes: Any) -> list[tuple[str, str, str, bool]]:
    """Kinds that wait: label, how many, address, whether it is the chosen one."""
    rows = scoping.visible(request.user, ReviewCase.objects.order_by())
    waiting = rows.filter(state=ReviewState.OPEN)
    found = list(waiting.values_list("kind", flat=True)[: _MOST + 1])
    counted, chosen = Counter(found), request.GET.get("kind__exact", "")
    more = "+" if len(found) > _MOST else ""
    everything = (
        _("All"),
        f"{min(len(found), _MOST)}{more}",
        changes.get_query_string(remove=["kind__exact"]),
        not chosen,
    )
    return [
        everything,
        *(
            (
                kind.label,
                f"{counted[kind]}{more}",
                changes.get_query_string({"kind__exact": kind.value}),
                chosen == kind.value,
            )
            for kind in ReviewKind
            if counted[kind] or chosen == kind.value
        ),
    ]
