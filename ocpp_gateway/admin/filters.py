"""By what the message log is narrowed: time, action, direction, kind, and text within a station."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ocpp.v16.enums import Action

from cms.shared import clock
from cms.shared.admin import ChoiceFilter, FixedFilter, RelatedFilter, TimeFilter, WordFilter
from ocpp_gateway.models import CHATTY, SLOW_MS, OcppMessage
from rfid.admin import numbers

# Rows are written when the answer is there: their ids are in order of time to within this.
SLACK = timedelta(minutes=15)
_STATION = "station__id__exact"
_LONGEST = timedelta(days=7)  # over which texts are looked through
_SHORT = ("24h", "7d")
_LEAST_TEXT = 3  # characters
_NAMES_CARDS = Q(request__icontains='idTag"') | Q(response__icontains='idTag"')
Rows = QuerySet[OcppMessage]


class LastFilter(TimeFilter):
    """By when it was said; one day unless more is asked for."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        # Who looks for one message, or names a time, wants it however old it is.
        named = any(request.GET.get(name) for name in ("q", "since", "until"))
        self.default = "all" if named else "24h"
        super().__init__(request, *args)

    @staticmethod
    def since(rows: Rows, moment: datetime) -> Rows:
        """Said after ``moment``: the index on time gives the first id, the rest goes by id."""
        around = OcppMessage.objects.filter(at__gte=moment - SLACK).order_by("at", "pk")
        first = around.values_list("pk", flat=True).first()
        return rows.filter(pk__gte=first, at__gte=moment) if first else rows.none()


class _MomentFilter(WordFilter, ABC):
    """By a typed date and time, by the clock of the admin."""

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Rows on the right side of it; none, and a word why, where it is no time."""
        word = (self.value() or "").strip()
        if not word:
            return queryset
        moment = _moment(word)
        if moment is None:
            messages.error(
                request,
                _("“%(text)s” is no time: write it as 2026-11-21 14:05.") % {"text": word[:40]},
            )
            return queryset.none()
        return self.narrowed(queryset, moment)

    @abstractmethod
    def narrowed(self, rows: Rows, moment: datetime) -> Rows:
        """``rows`` on the right side of ``moment``."""


class SinceFilter(_MomentFilter):
    """Not before."""

    title = gettext_lazy("from (2026-11-21 14:05)")
    parameter_name = "since"

    def narrowed(self, rows: Rows, moment: datetime) -> Rows:
        """Said at ``moment`` or later."""
        return LastFilter.since(rows, moment)


class UntilFilter(_MomentFilter):
    """Not after."""

    title = gettext_lazy("until")
    parameter_name = "until"

    def narrowed(self, rows: Rows, moment: datetime) -> Rows:
        """Said at ``moment`` or before; the index on time bounds the ids."""
        around = OcppMessage.objects.filter(at__lte=moment + SLACK).order_by("-at", "-pk")
        last = around.values_list("pk", flat=True).first()
        return rows.filter(pk__lte=last, at__lte=moment) if last else rows.none()


class ActionFilter(FixedFilter):
    """By action: a fixed list, as a DISTINCT over the log would be slow."""

    title = gettext_lazy("action")
    parameter_name = "action"
    options = tuple((name, name) for name in sorted(action.value for action in Action))

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Those; what is said rarely has an index of its own."""
        found: Rows = super().queryset(request, queryset)
        return found if self.value() in {None, *CHATTY} else found.exclude(action__in=CHATTY)


class KindFilter(FixedFilter):
    """By how it was answered, or that there was nothing to answer."""

    title = gettext_lazy("answer")
    parameter_name = "outcome"
    wanted = {
        "answered": Q(error_code="") & ~Q(response=""),
        "error": ~Q(error_code=""),
        "none": Q(response="", error_code=""),
        "slow": Q(latency_ms__gt=SLOW_MS),
        "stray": Q(action=""),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        """In words."""
        return (
            ("answered", _("Answered")),
            ("error", _("Error")),
            ("none", _("No answer")),
            ("slow", _("Slower than 5 s")),
            ("stray", _("No call: unreadable, or an answer nobody waited for")),
        )

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Rows of that kind."""
        found = self.wanted.get(str(self.value()))
        return queryset.filter(found) if found else queryset


class TextFilter(WordFilter):
    """By a text in what was said. No index helps: only within one station and a week."""

    title = gettext_lazy("text in the payloads")
    parameter_name = "text"

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Rows with that text in the call or in the answer, letter case ignored."""
        word = (self.value() or "").strip()
        if not word:
            return queryset
        if problem := text_problem(request):
            messages.error(request, problem)
            return queryset.none()
        if not numbers.in_full():  # or one would find them out, a character at a time
            queryset = queryset.exclude(_NAMES_CARDS)
        return queryset.filter(Q(request__icontains=word) | Q(response__icontains=word))


def text_problem(request: HttpRequest) -> str:
    """Why what was said cannot be searched for the text that is asked for; empty: it can."""
    word = request.GET.get("text", "").strip()
    if not word:
        return ""
    if len(word) < _LEAST_TEXT:
        return _("A text to look for in payloads has three characters or more.")
    if not request.GET.get(_STATION) or not _is_short(request):
        return _(
            "To look for a text in payloads, choose a station as well,"
            " and a time of at most 7 days."
        )
    return ""


def _is_short(request: HttpRequest) -> bool:
    """Whether the time that is asked for is a week at most."""
    typed = request.GET.get("since", "").strip(), request.GET.get("until", "").strip()
    if not any(typed) and not request.GET.get("q"):
        return request.GET.get("range", "24h") != "all" and request.GET.get("range") != "30d"
    if request.GET.get("range") in _SHORT:
        return True
    since, until = (_moment(word) for word in typed)
    return since is not None and (until or clock.now()) - since <= _LONGEST


def _moment(word: str) -> datetime | None:
    """What was typed, by the admin's clock where it names no zone."""
    try:
        moment = datetime.fromisoformat(word)
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    except (ValueError, OverflowError):
        return None


ALL = (
    LastFilter,
    SinceFilter,
    UntilFilter,
    ("station", RelatedFilter),
    ("direction", ChoiceFilter),
    ActionFilter,
    KindFilter,
    TextFilter,
)
