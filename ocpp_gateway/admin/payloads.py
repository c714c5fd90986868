"""One exchange in full: both frames as JSON, what the schemas say of them, what it belongs to."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import display
from ocpp_gateway import validation
from ocpp_gateway.admin import rows
from ocpp_gateway.models import Direction, OcppMessage
from stations.models import ChargingSession
from stations.models.sessions import MAX_TRANSACTION_ID

_CALL, _RESULT, _ERROR = 2, 3, 4
_PROBLEMS = 10  # named of one payload


class Frame(NamedTuple):
    """A text from the wire as people read it: ``line`` is what is copied, in one line."""

    heading: str
    shown: SafeString
    line: str
    verdicts: list[tuple[str, str]]  # a tone and a sentence each


def page(request: HttpRequest, row: OcppMessage) -> dict[str, Any]:
    """What the template shows of ``row``; three queries at most."""
    call, answer = _said(row.request), _said(row.response)
    may = request.user.has_perm("stations.view_chargingsession")
    return {
        "row": row,
        "frames": [
            Frame(*_shown(_("Call"), row.request), _of_call(row, call)),
            Frame(*_shown(_("Answer"), row.response), _of_answer(row, answer)),
        ],
        "late": rows.late_for([row]).get(row.pk),
        "websocat": _websocat(request, row, parsed(row.request)),
        "session": display.link(_session(row, call, answer)) if may else display.NOTHING,
        "has_session": may and _session_number(call, answer) is not None,
    }


def parsed(text: str) -> Any:
    """A text from the wire as JSON, as its reader may see it; None where it is none, or was cut."""
    return display.veiled(_said(text))


def safe_text(text: str) -> str:
    """A text from the wire in one line, as its reader may see it, whether or not it is JSON."""
    found = parsed(text)
    return _line(found) if found is not None else display.unread(text)


def _shown(heading: str, text: str) -> tuple[str, SafeString, str]:
    return heading, display.frame(text), _line(parsed(text))


def _said(text: str) -> Any:
    """The same with all that was said: what the schemas say is said of that."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _line(frame: Any) -> str:
    if frame is None:
        return ""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def _payload(frame: Any, kind: int) -> dict[str, Any] | None:
    """The payload of a frame of this kind, if it is one."""
    place = 3 if kind == _CALL else 2
    if not isinstance(frame, list) or len(frame) <= place or frame[0] != kind:
        return None
    return frame[place] if isinstance(frame[place], dict) else None


def _of_call(row: OcppMessage, call: Any) -> list[tuple[str, str]]:
    if not row.request:
        return []
    payload = _payload(call, _CALL)
    if payload is None:
        return [("amber", _("Not checked: it is no complete call."))]
    if not validation.knows(row.action):
        return [("red", _("OCPP 1.6 has no action of this name."))]
    return list(_verdicts(row.action, payload, is_answer=False))


def _of_answer(row: OcppMessage, answer: Any) -> list[tuple[str, str]]:
    if not row.response:
        return []
    if isinstance(answer, list) and answer[:1] == [_ERROR]:
        words = [str(part) for part in display.veiled(answer[2:4]) if part]
        return [("red", _("Answered by an error: %(words)s") % {"words": ", ".join(words)})]
    payload = _payload(answer, _RESULT)
    if payload is None or not validation.knows(row.action):
        return [("amber", _("Not checked: there is no schema for it."))]
    return list(_verdicts(f"{row.action}Response", payload, is_answer=True))


def _verdicts(name: str, payload: dict[str, Any], *, is_answer: bool) -> Iterator[tuple[str, str]]:
    """What the schema says: as specified, tolerated all the same, or wrong, and where."""
    problems = validation.check_call(name, payload)
    if not problems:
        yield "green", _("As the specification has it.")
        return
    action = name.removesuffix("Response")
    check = validation.check_answer if is_answer else validation.check_received
    if check(action, payload) is None:
        yield "amber", _("Not quite as the specification has it, and tolerated:")
    else:
        yield "red", _("Not as the specification has it:")
    for problem in problems[:_PROBLEMS]:
        yield "", f"{problem.field}: {problem.message}" if problem.field else problem.message


def _websocat(request: HttpRequest, row: OcppMessage, call: Any) -> str:
    """A command that says the same to us, as the station would; empty for calls of ours."""
    if row.direction != Direction.RECEIVED or _payload(call, _CALL) is None:
        return ""
    scheme = "wss" if request.is_secure() else "ws"
    address = f"{scheme}://{request.get_host()}/ocpp/{row.station.cp_id}"
    frame, where = shlex.quote(_line(call)), shlex.quote(address)
    return f"printf '%s\\n' {frame} | websocat -1n --protocol ocpp1.6 {where}"


def _session_number(call: Any, answer: Any) -> int | None:
    """The transaction id that was said, whoever said it."""
    for payload in (_payload(answer, _RESULT), _payload(call, _CALL)):
        number = (payload or {}).get("transactionId")
        if type(number) is int and 0 < number <= MAX_TRANSACTION_ID:
            return number
    return None


def _session(row: OcppMessage, call: Any, answer: Any) -> ChargingSession | None:
    """The session of the same station it is about; by our number, else by the station's own."""
    number = _session_number(call, answer)
    if number is None:
        return None
    ours = ChargingSession.objects.filter(station=row.station_id)
    reported = ours.filter(reported_transaction_id=number)
    return ours.filter(pk=number).first() or reported.first()
