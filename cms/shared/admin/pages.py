"""What the admin's pages share: rows people edit, rows they look at, tables of millions."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.paginator import InfinitePaginator as UnfoldInfinitePaginator
from unfold.views import ChangeList

from cms.shared.admin.filters import RelatedFilter, TimeFilter
from cms.shared.errors import DomainError

MAX_PAGES = 200  # OFFSET grows with the page; filters find what lies deeper


class ModelAdmin(UnfoldModelAdmin):
    """What all our pages share: no counting filters, no bulk delete, only declared lookups."""

    show_facets = admin.ShowFacets.NEVER
    list_filter_submit = True
    list_disable_select_all = True
    list_per_page = 50
    allowed_lookups: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only declared filters: by default every column could be probed, hashes among them."""
        return lookup in self.allowed_lookups or any(
            lookup in _parameters(declared) for declared in self.list_filter
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows of which one search field begins with the whole text, spaces and all."""
        text, fields = search_term.strip(), self.get_search_fields(request)
        if not all(field.endswith("__istartswith") for field in fields):
            found: tuple[QuerySet[Any], bool] = super().get_search_results(
                request, queryset, search_term
            )
            return found
        begins = [Q(**{field: text}) for field in fields] if text else []
        return queryset.filter(reduce(or_, begins, Q())), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Ours only: rows are deleted one by one, where at all."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Model]
    ) -> HttpResponse | None:
        """Run a bulk action on the rows of one page, never on everything that matches."""
        if request.POST.get("select_across") == "1":
            messages.error(request, "Select the rows of one page.")
            return None
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; what a service refuses becomes a message above it."""
        try:
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(request.get_full_path())
        return response

    def may_look(self, request: HttpRequest) -> None:
        """Raise PermissionDenied where one may not see these rows."""
        if not self.has_view_permission(request):
            raise PermissionDenied

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row with this id. Raises Http404, or PermissionDenied where one may not see it."""
        self.may_look(request)
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj


def _parameters(declared: Any) -> set[str]:
    """The query parameters a list_filter entry stands for."""
    if isinstance(declared, tuple):
        field, kind = declared
        return {f"{field}__id__exact" if issubclass(kind, RelatedFilter) else f"{field}__exact"}
    if isinstance(declared, str):  # a yes-or-no field
        return {f"{declared}__exact", f"{declared}__isnull"}
    return {declared.parameter_name}


class ReadOnlyAdmin(ModelAdmin):
    """Rows that stations and services write; people look at them."""

    actions = None
    actions_detail_hide_default = True  # nobody edits them, so their history is always empty

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


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

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Model]) -> list[str]:
        """The order of the model admin or its model; ``?o=`` is ignored."""
        return list(self.model_admin.get_ordering(request) or self.lookup_opts.ordering)


class BigTableAdmin(ModelAdmin):
    """Lists of tables with millions of rows: no COUNT(*), no DISTINCT, no free sorting."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_max_show_all = 0
    sortable_by = ()
    date_hierarchy = None
    list_before_template = "admin/ranges.html"
    ordering_in_range: tuple[str, ...] = ()  # the order of the index a time range is found by

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
