"""What was done to an object, on its History page: entries of the audit trail."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from cms.shared import audit, display

PER_PAGE = 50
_LONGEST = 200


def what(entry: LogEntry) -> str:
    """What was done, in a word or as it was said."""
    said = (entry.additional_data or {}).get("said")
    words = {0: _("Created"), 1: _("Changed"), 2: _("Deleted"), 3: _("Done")}
    return str(said or words[entry.action])


def who(entry: LogEntry) -> str:
    """Who did it: the name at that time, and the key where a program did."""
    data = entry.additional_data or {}
    name = data.get("who") or (entry.actor.get_username() if entry.actor else _("the system"))
    return f"{name} · {data['key']}" if "key" in data else str(name)


def changes(entry: LogEntry) -> list[tuple[str, str, str]]:
    """Field, value before, value after; of a deed its details."""
    found = []
    for name, value in display.veiled(entry.changes or {}).items():
        if isinstance(value, dict):  # many to many: what was added or taken away
            objects = ", ".join(value.get("objects", ()))
            added = value.get("operation") == "add"
            found.append((name, "" if added else _short(objects), _short(objects) if added else ""))
        else:
            old, new = value
            found.append((name, _short(old), _short(new)))
    for name, value in display.veiled(entry.additional_data or {}).items():
        if name not in ("said", "who", "key") and value not in (None, ""):
            found.append((name, "", _short(value)))
    return found


def _short(value: Any) -> str:
    text = "" if value in (None, "None") else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def page(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """The History page of an object. Raises Http404, or PermissionDenied, as its own page does."""
    obj = model_admin.found(request, unquote(object_id))
    shown = Paginator(audit.of(obj), PER_PAGE).get_page(request.GET.get("p"))
    rows = [
        {
            "at": display.ago(entry.timestamp),
            "who": who(entry),
            "address": entry.remote_addr or "",
            "what": what(entry),
            "changes": changes(entry),
        }
        for entry in shown
    ]
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("History: %(object)s") % {"object": obj},
        "opts": model_admin.opts,
        "object": obj,
        "rows": rows,
        "page": shown,
    }
    return render(request, "admin/history.html", context)
