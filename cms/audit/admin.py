"""The audit trail as a list: who did what, when, from where. Nobody changes or deletes an entry."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

from auditlog.models import LogEntry
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.functional import lazy
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from cms.audit.watched import WATCHED
from cms.shared import clock, display
from cms.shared.admin import (
    BigTableAdmin,
    FixedFilter,
    ReadOnlyAdmin,
    RelatedFilter,
    TimeFilter,
    history,
)
from cms.shared.downloads import streamed

MOST_EXPORTED = 100_000
_COLUMNS = ("id", "at", "who", "address", "model", "object", "what", "changes")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


class ActionFilter(FixedFilter):
    """By what was done."""

    title = _("what")
    parameter_name = "action"
    options: Any = (("0", _("Created")), ("1", _("Changed")), ("2", _("Deleted")), ("3", _("Done")))


def _named(name: str) -> str:
    return str(capfirst(apps.get_model(name)._meta.verbose_name))


_kind = lazy(_named, str)


class ModelFilter(FixedFilter):
    """By the kind of object."""

    title = _("object")
    parameter_name = "of"
    options = tuple((name.lower(), _kind(name)) for name in WATCHED)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Entries on objects of the chosen model; none for what is none of them."""
        app, _dot, model = (self.value() or "").partition(".")
        if not model:
            return queryset
        try:
            return queryset.filter(content_type=ContentType.objects.get_by_natural_key(app, model))
        except ContentType.DoesNotExist:
            return queryset.none()


class WhenFilter(TimeFilter):
    """By time; the last week unless another is chosen."""

    default = "7d"

    @staticmethod
    def since(queryset: QuerySet[Any], moment: datetime) -> QuerySet[Any]:
        """Entries from then on."""
        return queryset.filter(timestamp__gte=moment)


admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class AuditAdmin(BigTableAdmin, ReadOnlyAdmin):
    """One list for all of it: changes, commands, logins."""

    list_display = ("at", "who", "what", "on", "changed", "remote_addr")
    list_filter = (("actor", RelatedFilter), ActionFilter, ModelFilter, WhenFilter)
    list_select_related = ("actor", "content_type")
    list_display_links = ("at",)
    ordering = ("-timestamp",)
    fields = ("at", "who", "remote_addr", "what", "on", "changed")
    change_list_template = "admin/audit_list.html"

    def get_urls(self) -> list[Any]:
        """The list, and the file of what it shows."""
        export = self.admin_site.admin_view(self.export)
        return [path("export/", export, name="audit_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list, and how long its entries are kept."""
        kept = {"audit_days": settings.AUDIT_RETENTION_DAYS}
        return super().changelist_view(request, {**kept, **(extra_context or {})})

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """CSV of the entries the filters leave, the latest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).queryset[:MOST_EXPORTED]
        return streamed(_csv(rows), f"audit-{clock.now():%Y-%m-%d}.csv", "text/csv; charset=utf-8")

    @admin.display(description=_("When"), ordering="timestamp")
    def at(self, entry: LogEntry) -> SafeString:
        """How long ago; exactly on hover."""
        return display.when(entry.timestamp)

    @admin.display(description=_("Who"))
    def who(self, entry: LogEntry) -> str:
        """The name at that time."""
        return history.who(entry)

    @admin.display(description=_("What"))
    def what(self, entry: LogEntry) -> str:
        """In words."""
        return history.what(entry)

    @admin.display(description=_("Object"))
    def on(self, entry: LogEntry) -> SafeString:
        """What kind, and which one: a link while it is there."""
        model = entry.content_type.model_class()
        known = model is not None and entry.action != LogEntry.Action.DELETE
        row = model(pk=entry.object_pk) if known else None
        text = f"{entry.content_type.name} {entry.object_repr}"
        return display.link(row, text) if row is not None else display.plain(text)

    @admin.display(description=_("Changes"))
    def changed(self, entry: LogEntry) -> SafeString:
        """Field by field."""
        found = [(name, old or "–", new or "–") for name, old, new in history.changes(entry)]
        return format_html_join("", "<div>{}: {} → {}</div>", found)


def _csv(rows: QuerySet[LogEntry]) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for entry in rows.iterator(chunk_size=1000):
        writer.writerow([_cell(value) for value in _row(entry)])
        if buffer.tell() > 64 * 1024:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _row(entry: LogEntry) -> tuple[Any, ...]:
    with override("en"):  # files stay English
        return _words(entry)


def _words(entry: LogEntry) -> tuple[Any, ...]:
    changes = "; ".join(f"{name}: {old} → {new}" for name, old, new in history.changes(entry))
    at = entry.timestamp.isoformat(timespec="seconds")
    who, what = history.who(entry), history.what(entry)
    of = entry.content_type.model
    return entry.pk, at, who, entry.remote_addr or "", of, entry.object_repr, what, changes


def _cell(value: Any) -> Any:
    """As a spreadsheet shows it, without calculating it."""
    is_formula = isinstance(value, str) and value.startswith(_FORMULAS)
    return f"'{value}" if is_formula else value
