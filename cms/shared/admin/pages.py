"""What the admin's pages share: rows people edit, rows they look at."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, ClassVar

from auditlog.registry import auditlog
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from cms.shared import audit, scoping, texts
from cms.shared.admin import history, repeated
from cms.shared.admin.filters import RelatedFilter
from cms.shared.errors import DomainError


class ModelAdmin(UnfoldModelAdmin):
    """What all our pages share: no counting filters, no bulk delete, only declared lookups."""

    show_facets = admin.ShowFacets.NEVER
    list_filter_submit = True
    list_disable_select_all = True
    list_per_page = 50
    allowed_lookups: tuple[str, ...] = ()
    # Unfold's templates ask for these in every row or field. What is not there is looked for among
    # all there is (``dir``), and that took longer than the rows themselves.
    list_sections: tuple[Any, ...] = ()
    list_sections_classes = ""
    conditional_fields: ClassVar[dict[str, str]] = {}
    change_form_show_cancel_button = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the sites its reader is limited to: for lists, pages, dialogs and choices."""
        return scoping.visible(request.user, super().get_queryset(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who has the permission; what is the whole company's, not who is limited to some sites."""
        may: bool = super().has_view_permission(request, obj)
        return may and not self._is_beyond(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Likewise."""
        may: bool = super().has_add_permission(request)
        return may and not self._is_beyond(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        may: bool = super().has_change_permission(request, obj)
        return may and not self._is_beyond(request)

    def _is_beyond(self, request: HttpRequest) -> bool:
        is_companys = scoping.rule_of(self.model) is scoping.nobody
        return is_companys and scoping.limit_of(request.user) is not None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A choice among what its reader may see."""
        return super().formfield_for_foreignkey(
            db_field, request, **{**_choices(self.model, db_field, request), **kwargs}
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Likewise."""
        return super().formfield_for_manytomany(
            db_field, request, **{**_choices(self.model, db_field, request), **kwargs}
        )

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

    @admin.display(description=UnfoldModelAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: Model) -> str:
        """The box before a row."""
        return repeated.box(obj.pk)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Ours only: rows are deleted one by one, where at all."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Model]
    ) -> HttpResponse | None:
        """Run a bulk action on the rows of one page; on everything that matches only where the

        list offers that.
        """
        if request.POST.get("select_across") == "1" and self.list_disable_select_all:
            messages.error(request, _("Select the rows of one page."))
            return None
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; the menu of a row is made once for all of them."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "actions_row" in context:
            context["actions_row"] = repeated.RowActions(context["actions_row"])
        return response

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; what a service refuses becomes a message above it."""
        try:
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, texts.localised(error.message))
            return HttpResponseRedirect(request.get_full_path())
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """What the audit trail has of this object."""
        return history.page(self, request, object_id)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Nothing: the audit trail hears of it by itself, and there is one trail only."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Likewise."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """What an action says of itself goes to the audit trail; of fields it knows already."""
        if isinstance(message, str):
            audit.note(obj, message)

    def around(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of ``row`` shows around its form, for its templates."""
        return {}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form, and what is around it."""
        shows = type(self).around is not ModelAdmin.around  # else nothing is looked up for it
        row = self.get_object(request, object_id) if shows else None
        if request.method == "GET":  # a form that is posted changes its row, before all is shown
            request.row_of_page = (self.model, object_id, row)  # type: ignore[attr-defined]
        shown = self.around(request, row) if row else {}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The row with this id, or None; for a page that shows it twice, looked up once."""
        model, number, row = getattr(request, "row_of_page", (None, None, None))
        if row is not None and from_field is None and (model, number) == (self.model, object_id):
            return row
        return super().get_object(request, object_id, from_field)

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


def _choices(model: Any, field: Any, request: HttpRequest) -> dict[str, Any]:
    """What may be chosen; where it says to which site a row belongs, one has to be."""
    if scoping.limit_of(request.user) is None:
        return {}
    rows = scoping.visible(request.user, field.remote_field.model._default_manager.all())
    places_it = scoping.rule_of(model) == field.name
    return {"queryset": rows, **({"required": True} if places_it else {})}


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

    @property
    def actions_detail_hide_default(self) -> bool:
        """Whether its pages have no History: of what the audit trail does not watch it is empty."""
        return not auditlog.contains(self.model)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False
