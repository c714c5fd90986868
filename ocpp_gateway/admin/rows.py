"""The log's rows as people see them, page by page behind the last one seen: never by OFFSET."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import display
from cms.shared.admin import BigChangeList
from ocpp_gateway.admin.filters import SLACK
from ocpp_gateway.admin.pairing import LateAnswer, Said, late_answers
from ocpp_gateway.models import SLOW_MS, Direction, OcppMessage

PAGE = 50
_FOLLOWED = 200  # rows that one look at what is new brings at most
_NEAR = 20  # exchanges shown around a moment
_BEFORE, _AFTER = "before", "after"
_MOST_DIGITS = 18
LAST_MOMENT = 4_000_000_000  # what a number in an address may stand for at most
_STRAYS = 200
Rows = QuerySet[OcppMessage]


class LogChangeList(BigChangeList):
    """The log as filtered, newest first: from ``?before=`` an id down, or all ``?after=`` one."""

    has_more = False

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Without where the page begins."""
        for name in (_BEFORE, _AFTER):
            self.params.pop(name, None)
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in (_BEFORE, _AFTER)}

    def get_results(self, request: HttpRequest) -> None:
        """One page, and whether there is more; nothing is counted."""
        before, after = number(request, _BEFORE), number(request, _AFTER)
        rows = self.queryset
        rows = rows.filter(pk__lt=before) if before is not None else rows
        rows = rows.filter(pk__gt=after) if after is not None else rows
        most = PAGE if after is None else _FOLLOWED
        if after is None:
            more = {} if before is None else {"pk__lt": before}
            rows = self.newest(request, rows, most + 1, **more)
        found = list(rows[: most + 1])
        self.result_list = found[:most]
        self.has_more = len(found) > most
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False
        self.paginator = self.model_admin.get_paginator(request, self.result_list, PAGE)


def number(request: HttpRequest, name: str) -> int | None:
    """The number an address names, of a row or a second; what is none counts as not said."""
    text = request.GET.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None


def light(rows: Rows) -> QuerySet[Any]:
    """Without their texts; whether there is an answer stays known."""
    is_answered = ExpressionWrapper(~Q(response=""), output_field=BooleanField())
    return rows.defer("request", "response").annotate(is_answered=is_answered)


def of_second(rows: Rows, second: int | None) -> Rows:
    """Those said in that second since 1970: only its day is asked for them. None: all."""
    if second is None:
        return rows
    moment = datetime.fromtimestamp(min(second, LAST_MOMENT), UTC)
    return rows.filter(at__range=(moment, moment + timedelta(seconds=1)))


def near(rows: Rows, station: int, moment: datetime) -> list[Any]:
    """Exchanges of ``station`` near ``moment``, oldest first.

    The index on time bounds the ids, as they are nearly in order of time.
    """
    around = (moment - SLACK, moment + SLACK)
    bounds = id_bounds(*around)
    if bounds is None:
        return []
    ours = light(rows.filter(station=station, pk__range=bounds))
    half = _NEAR // 2
    before = ours.filter(at__range=(around[0], moment)).order_by("-id")[:half]
    later = ours.filter(at__gt=moment, at__lte=around[1]).order_by("id")[:half]
    return [*reversed(before), *later]


def id_bounds(since: datetime, until: datetime) -> tuple[int, int] | None:
    """The ids of the first and last row said between two moments; None where there is none."""
    ids = OcppMessage.objects.filter(at__range=(since, until)).values_list("pk", flat=True)
    # Of those said at the same moment the outermost: any other would leave some of them out.
    first, last = ids.order_by("at", "pk").first(), ids.order_by("-at", "-pk").first()
    return None if first is None or last is None else (min(first, last), max(first, last))


def shown(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Each row as the template writes it. One query more where calls of ours had no answer."""
    late = late_for(rows)
    return [_shown(row, late) for row in rows]


def late_for(rows: Iterable[Any]) -> Mapping[int, LateAnswer]:
    """What answered those of ``rows`` late that the log says had no answer."""
    silent = [row for row in rows if is_silent(row)]
    if not silent:
        return {}
    fields = ("pk", "station_id", "message_id", "at")
    strays = OcppMessage.objects.filter(
        message_id__in={row.message_id for row in silent if row.message_id},
        action="",
        direction=Direction.RECEIVED,
        at__gte=min(row.at for row in silent),  # the days before are not looked at
    ).values_list(*fields)
    calls = [Said(row.pk, row.station_id, row.message_id, row.at) for row in silent]
    return late_answers(calls, [Said(*stray) for stray in strays[:_STRAYS]])


def is_silent(row: Any) -> bool:
    """Whether it is a call of ours that had no answer in time."""
    is_ours = row.direction == Direction.SENT and bool(row.action)
    return is_ours and not row.is_answered and not row.error_code


def _shown(row: Any, late: Mapping[int, LateAnswer]) -> dict[str, Any]:
    payload = reverse("admin:ocpp_gateway_ocppmessage_payload", args=[row.pk])
    return {
        "id": row.pk,
        "tone": _tone(row),
        "when": when(row.at),
        "station": display.link(row.station),
        "way": way(row),
        "action": what(row),
        "outcome": outcome(row, late.get(row.pk)),
        "latency": latency(row, late.get(row.pk)),
        "message_id": row.message_id,
        "page": display.page(row),
        "payload": f"{payload}?at={int(row.at.timestamp())}",
    }


def _tone(row: Any) -> str:
    """The colour of a row's edge; its word says the same."""
    if row.error_code:
        return "red"
    is_slow = row.latency_ms is not None and row.latency_ms > SLOW_MS
    return "amber" if is_slow or is_silent(row) else ""


def when(moment: datetime) -> SafeString:
    """To the millisecond; with its zone and in UTC on hover."""
    local = timezone.localtime(moment)
    text = local.strftime("%Y-%m-%d %H:%M:%S.") + f"{local.microsecond // 1000:03}"
    utc = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return format_html(
        '<time class="vd-time" datetime="{}" title="{} {}">{}</time>',
        utc,
        local.tzname(),
        utc,
        text,
    )


def way(row: OcppMessage) -> SafeString:
    """Who asked."""
    arrow = "←" if row.direction == Direction.RECEIVED else "→"
    return format_html('<span class="vd-time">{} {}</span>', arrow, row.get_direction_display())


def what(row: OcppMessage) -> str | SafeString:
    """The action, or that the text was no call."""
    if row.action:
        return row.action
    if row.message_id and not row.error_code:
        return display.pill(
            _("late answer"), "grey", _("An answer that nobody waited for any more")
        )
    return display.pill(_("no frame"), "red")


def outcome(row: Any, late: LateAnswer | None = None) -> SafeString:
    """Answered, refused with an error, answered late, or not at all."""
    if row.error_code:
        return display.pill(row.error_code, "red", _("Answered by an error (CALLERROR)"))
    if row.is_answered:
        return display.pill(_("Answered"), "green")
    if late is not None:
        return display.pill(_("Answered late"), "amber", _("After the call was given up"))
    if not row.action:
        return display.NOTHING
    return display.pill(_("No answer"), "amber")


def latency(row: Any, late: LateAnswer | None = None) -> SafeString:
    """From the call to its answer; marked, with a word, where that took long."""
    took = late.latency_ms if late else row.latency_ms
    shown = display.number(took, "ms", 0)
    if took is None or took <= SLOW_MS:
        return shown
    return format_html('<span class="vd-slow">{} {}</span>', _("slow:"), shown)
