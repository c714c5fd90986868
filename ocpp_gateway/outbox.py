"""Commands on the wire: a waiting row becomes a CALL, the answer settles the row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from ocpp_gateway import quirks, v16, validation
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.rpc import Answered, Late, Refused
from stations.models import Command, CommandStatus
from stations.services import commands, sealing
from stations.services.commands import Outcome

logger = logging.getLogger(__name__)
NO_ANSWER = Outcome(CommandStatus.TIMED_OUT, error_description="no answer in time")
CONNECTION_LOST = Outcome(
    CommandStatus.TIMED_OUT, error_description="the connection closed before the answer"
)

_UNREADABLE = Outcome(
    CommandStatus.FAILED, None, "NotSupported", "its password was sealed under another SECRET_KEY"
)


def next_call(*, station_id: int, connection_id: str, at: datetime) -> tuple[int, Call] | None:
    """Claim the next command of the station: its row's id and the CALL to send, or None.

    A payload that breaks its schema is settled as Failed and the one after it is taken.
    """
    while command := commands.claim_next(station_id=station_id, connection_id=connection_id, at=at):
        try:
            payload = sealing.opened(command.payload)
        except sealing.Unreadable:
            unfit = _UNREADABLE
        else:
            problems = validation.check_call(command.action, payload)
            if not problems:
                return command.pk, Call(command.message_id, command.action, payload)
            unfit = Outcome(CommandStatus.FAILED, None, problems[0].code, problems[0].message)
        commands.settle(command_id=command.pk, outcome=unfit, at=at)
    return None


@transaction.atomic
def settle(
    *,
    command_id: int,
    result: Answered | Refused | Outcome,
    at: datetime,
    note: Callable[[str, str], None] = quirks.nobody,
) -> None:
    """Write down how the command ended, and act on what its answer means.

    ``note`` hears what was mended in the answer.
    """
    outcome = result if isinstance(result, Outcome) else _outcome(result, note)
    command = commands.settle(command_id=command_id, outcome=outcome, at=at)
    if command is not None and outcome.status == CommandStatus.ANSWERED:
        _act(command, outcome, at)


@transaction.atomic
def settle_late(*, station_id: int, late: Late, at: datetime) -> None:
    """Act on an answer that came after its command was given up; the row stays TimedOut."""
    outcome = _outcome(Answered(late.call, late.payload))
    if outcome.status != CommandStatus.ANSWERED or outcome.answer is None:
        return
    command = commands.settle_late(
        station_id=station_id, message_id=late.call.unique_id, answer=outcome.answer
    )
    if command is not None:
        _act(command, outcome, at)


def _outcome(
    result: Answered | Refused, note: Callable[[str, str], None] = quirks.nobody
) -> Outcome:
    if isinstance(result, Refused):
        return _failed(result.error)
    payload = result.payload
    problem = validation.check_answer(result.call.action, payload)
    if problem is not None:
        name, mended = f"{result.call.action}Response", set[str]()
        payload = quirks.mended(name, payload, mended.add)
        problem = validation.check_answer(result.call.action, payload)
        for kind in sorted(mended if problem is None else ()):
            note(kind, name)
    if problem is not None:
        return Outcome(
            CommandStatus.FAILED, payload, problem.code, f"unreadable answer: {problem.message}"
        )
    return Outcome(CommandStatus.ANSWERED, payload)


def _failed(error: CallError) -> Outcome:
    return Outcome(CommandStatus.FAILED, error.details or None, error.code, error.description)


def _act(command: Command, outcome: Outcome, at: datetime) -> None:
    meaning = v16.ANSWERS.get(command.action)
    if meaning is not None and outcome.answer is not None:
        meaning(command, outcome.answer, at)
