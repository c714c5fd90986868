"""Bulk commands: chosen in the list of stations, shown before they are given, given once."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from cms.shared import clock, display, texts
from cms.shared.errors import DomainError
from stations.admin import batch_words, bulk_forms, words
from stations.admin.bulk_forms import ManyForm
from stations.services import batches, bulk
from stations.services.bulk import Line, Plan

_MOST_SHOWN = 200  # rows of a preview: those that need a look come first


class Kind(NamedTuple):
    """One bulk command: its words, its form, who may give it, and whether it can hurt."""

    title: Any
    form: type[ManyForm]
    done: Any  # what happens to a station that is asked
    permission: str = "bulk"
    danger: bool = False


KINDS = {
    "reset": Kind(
        pgettext_lazy("station", "Reset"),
        bulk_forms.ResetMany,
        gettext_lazy("Restarts"),
        danger=True,
    ),
    "availability": Kind(
        gettext_lazy("Change availability"),
        bulk_forms.AvailabilityMany,
        gettext_lazy("Is put into or out of service"),
    ),
    "firmware": Kind(
        gettext_lazy("Update firmware"),
        bulk_forms.FirmwareMany,
        gettext_lazy("Fetches the file, installs it and restarts"),
        permission="bulk_firmware",
        danger=True,
    ),
    "trigger": Kind(
        gettext_lazy("Trigger message"),
        bulk_forms.TriggerMany,
        gettext_lazy("Sends the message now"),
    ),
    "configuration": Kind(
        gettext_lazy("Get configuration"),
        bulk_forms.ConfigurationMany,
        gettext_lazy("Tells its settings"),
    ),
}
ACTIONS = [f"{name}_many" for name in KINDS]


def has_bulk_permission(self: Any, request: HttpRequest, obj: object = None) -> bool:
    """Who may ask many stations. For the list of stations, as the next one."""
    return request.user.has_perm("stations.add_commandbatch")


def has_bulk_firmware_permission(self: Any, request: HttpRequest, obj: object = None) -> bool:
    """Who may tell many stations to install something."""
    needed = ("stations.add_commandbatch", "stations.add_firmwareupdate")
    return request.user.has_perms(needed)


def action(name: str) -> Any:
    """The entry of the list's menu for one kind: it leads to what would be done."""
    kind = KINDS[name]

    @admin.action(
        description=format_lazy("{}…", kind.title),
        permissions=[kind.permission],
    )
    def chosen(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = queryset.order_by("cp_id").values_list("pk", flat=True)
        numbers = list(rows[: bulk.MOST_STATIONS + 1])
        if len(numbers) > bulk.MOST_STATIONS:
            most = {"most": bulk.MOST_STATIONS}
            messages.error(request, _("Choose at most %(most)s stations.") % most)
            return None
        first = {"ids": ",".join(map(str, numbers))}
        return _page(self, request, name, _first_form(self, request, kind, first))

    chosen.__name__ = f"{name}_many"
    return chosen


def urls(model_admin: Any) -> list[Any]:
    """A page for each kind."""
    return [
        path(
            f"bulk/{name}/",
            model_admin.admin_site.admin_view(_view(model_admin, name)),
            name=f"stations_chargingstation_bulk_{name}",
        )
        for name in KINDS
    ]


def _view(model_admin: Any, name: str) -> Any:
    kind = KINDS[name]

    def view(request: HttpRequest) -> HttpResponse:
        """GET shows that stations are to be chosen first; POST shows the plan, or carries it out.

        It is carried out only where just that was seen: other options show another plan first.
        """
        model_admin.may_look(request)
        if not getattr(model_admin, f"has_{kind.permission}_permission")(request):
            raise PermissionDenied
        if request.method == "GET":
            return _page(model_admin, request, name, None)
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "POST"])
        form = kind.form(request.POST, rows=model_admin.get_queryset(request))
        if form.is_valid() and "confirm" in request.POST:
            return _confirmed(model_admin, request, name, form)
        return _page(model_admin, request, name, form)

    return view


def _first_form(
    model_admin: Any, request: HttpRequest, kind: Kind, first: dict[str, str]
) -> ManyForm:
    """The form as it would be sent if nothing of it were changed: so there is a plan at once."""
    empty = kind.form(rows=model_admin.get_queryset(request))
    initial = {
        name: field.get_bound_field(empty, name).value() for name, field in empty.fields.items()
    }
    known = {name: value for name, value in initial.items() if value not in (None, False)}
    return kind.form({**known, **first}, rows=model_admin.get_queryset(request))


def _confirmed(model_admin: Any, request: HttpRequest, name: str, form: ManyForm) -> HttpResponse:
    if request.POST.get("seen") != form.digest():
        return _page(
            model_admin,
            request,
            name,
            form,
            _("This is what it would do now. Press again to do it."),
        )
    terms = batches.Terms(
        requested_by_id=request.user.pk,
        idempotency_key=f"admin:{request.user.pk}:{form.cleaned_data['token']}",
    )
    try:
        batch = bulk.start(
            order=form.order(), stations=form.cleaned_data["ids"], at=clock.now(), terms=terms
        )
    except DomainError as error:
        return _page(model_admin, request, name, form, texts.localised(error.message))
    return HttpResponseRedirect(display.page(batch))


def _page(
    model_admin: Any, request: HttpRequest, name: str, form: ManyForm | None, said: str = ""
) -> HttpResponse:
    kind = KINDS[name]
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": kind.title,
        "form": form,
        "said": said,
        "danger": kind.danger,
        "address": reverse(f"admin:stations_chargingstation_bulk_{name}"),
        "list_url": reverse("admin:stations_chargingstation_changelist"),
    }
    if form is not None and form.is_valid():
        plan = bulk.plan(order=form.order(), stations=form.cleaned_data["ids"])
        context |= {**_shown(request, kind, plan), "seen": form.digest()}
    return render(request, "admin/stations/bulk.html", context)


def _shown(request: HttpRequest, kind: Kind, plan: Plan) -> dict[str, Any]:
    may_see = request.user.has_perm("stations.view_chargingsession")
    rows = sorted(plan.lines, key=lambda line: (_plain(line), line.station.cp_id))
    stations = ngettext("%(number)s station", "%(number)s stations", plan.asked)
    return {
        "says": summary(plan),
        "ended": plan.ended if kind.form is bulk_forms.ResetMany else 0,
        "rows": [_row(kind, line, may_see) for line in rows[:_MOST_SHOWN]],
        "more": max(0, len(rows) - _MOST_SHOWN),
        "asked": plan.asked,
        "submit": f"{kind.title}: {stations % {'number': plan.asked}}",
    }


def summary(plan: Plan) -> str:
    """What a plan is about in one line: how many, how many of them charge, are away, left out."""
    number = len(plan.lines)
    parts = [ngettext("%(n)s station", "%(n)s stations", number) % {"n": number}]
    if plan.busy:
        busy = ngettext("%(n)s with running sessions", "%(n)s with running sessions", plan.busy)
        parts.append(busy % {"n": plan.busy})
    if plan.away:
        parts.append(ngettext("%(n)s offline", "%(n)s offline", plan.away) % {"n": plan.away})
    if plan.left_out:
        left_out = ngettext("%(n)s left out", "%(n)s left out", plan.left_out)
        parts.append(left_out % {"n": plan.left_out})
    return ", ".join(parts)


def _plain(line: Line) -> bool:
    """Whether nothing is special about it."""
    return line.is_asked and not line.sessions


def _row(kind: Kind, line: Line, may_see: bool) -> dict[str, Any]:
    return {
        "station": display.link(line.station),
        "site": line.station.site or display.NOTHING,
        "state": words.online(line.station),
        "sessions": _sessions(line, may_see),
        "outcome": _outcome(kind, line),
    }


def _sessions(line: Line, may_see: bool) -> SafeString | str:
    if not line.sessions:
        return display.NOTHING
    if not may_see:
        return str(len(line.sessions))
    shown = ((display.link(one), display.kwh(one.energy_wh)) for one in line.sessions)
    return format_html_join(", ", "{} {}", shown)


def _outcome(kind: Kind, line: Line) -> SafeString:
    if line.left_out:
        why = batch_words.left_out(line.left_out)
        return format_html("{} {}", display.pill(_("Left out"), "amber"), why)
    if line.is_away:
        said = _("nothing is sent; it can be retried")
        return format_html("{} {}", display.pill(_("Offline"), "grey"), said)
    if line.sessions and kind.form is bulk_forms.ResetMany:
        number = len(line.sessions)
        ends = ngettext("ends %(n)s session", "ends %(n)s sessions", number) % {"n": number}
        return format_html("{} {}", display.pill(kind.done, "red"), ends)
    return display.pill(kind.done, "green")
