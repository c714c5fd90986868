"""Lists of tables with millions of rows: never counted, in an order that an index has."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.paginator import InfinitePaginator as UnfoldInfinitePaginator
from unfold.views import ChangeList

from cms.shared import scoping
from cms.shared.admin import newest
from cms.shared.admin.filters import TimeFilter
from cms.shared.admin.pages import ModelAdmin

_NARROW_NOTHING = {"range", "p", "o", "e", "before", "after"}  # of what an address may have
MAX_PAGES = 200  # OFFSET grows with the page; filters find what lies deeper


class InfinitePaginator(UnfoldInfinitePaginator):
    """Pages without COUNT(*), and no deeper than an OFFSET stays fast.

    Unfold knows it by this very name, and then leaves the number of results out.
    """

    template_name = "admin/pagination_big.html"

    @property
    def num_pages(self) -> int:
        """As many as may be asked for, not as many as there are."""
        return MAX_PAGES


class BigChangeList(ChangeList):
    """A list in its one order, which an index serves, whatever the address asks for."""

    queryset: QuerySet[Any]

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Model]) -> list[str]:
        """The order of the model admin or its model; ``?o=`` is ignored."""
        return list(self.model_admin.get_ordering(request) or self.lookup_opts.ordering)

    def get_results(self, request: HttpRequest) -> None:
        """One page; for who is limited to some sites found along the index of each station."""
        whole = self.queryset
        self.queryset = self.newest(request, whole, self.page_num * self.list_per_page)
        super().get_results(request)
        self.queryset = whole

    def newest(
        self, request: HttpRequest, rows: QuerySet[Any], most: int, **more: Any
    ) -> QuerySet[Any]:
        """``rows``, or fewer that have the first ``most`` of them; ``more`` narrows them, too."""
        along = self.model_admin.newest_along
        is_limited = scoping.limit_of(request.user) is not None
        if along is None or not is_limited or not self._is_whole(request):
            return rows
        among = self.model._default_manager.filter(**more)
        for spec in self._ranges():
            among = spec.queryset(request, among)
        return newest.of_sites(request.user, rows, among, along, most)

    def _is_whole(self, request: HttpRequest) -> bool:
        """Whether nothing narrows the list but a range of time, in its usual order."""
        said = {name for name, text in request.GET.items() if text} - _NARROW_NOTHING
        is_usual = all(spec.value() == "all" for spec in self._ranges())
        return not said and (is_usual or not self.model_admin.ordering_in_range)

    def _ranges(self) -> list[TimeFilter]:
        return [spec for spec in self.filter_specs if isinstance(spec, TimeFilter)]


class BigTableAdmin(ModelAdmin):
    """Lists of tables with millions of rows: no COUNT(*), no DISTINCT, no free sorting."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_max_show_all = 0
    sortable_by = ()
    date_hierarchy = None
    list_before_template = "admin/ranges.html"
    ordering_in_range: tuple[str, ...] = ()  # the order of the index a time range is found by
    newest_along: newest.Along | None = None  # the index of each station, or connector

    def get_ordering(self, request: HttpRequest) -> Any:
        """The order an index serves, which depends on what the rows are found by."""
        if self.ordering_in_range and request.GET.get("range") in TimeFilter.ranges:
            return self.ordering_in_range
        return super().get_ordering(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; where it has a time range, the ranges as links above it."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if changes := context.get("cl"):
            context["selection_note_all"] = ""  # it would name a count nobody made
            context["ranges"] = [
                (label, changes.get_query_string({spec.parameter_name: key}), key == spec.value())
                for spec in changes.filter_specs
                if isinstance(spec, TimeFilter)
                for key, label in spec.lookup_choices
            ]
        return response

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The change list that keeps to its order."""
        return BigChangeList
