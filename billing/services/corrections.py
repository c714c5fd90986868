"""Corrections: booked at once, or, above the limit, asked for and decided by another person.

Every interface that corrects asks here. What waits is a row with exactly what is to be carried
out; ``approve`` books that, once, where things are still as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from billing.errors import (
    InsufficientFunds,
    NeedsApproval,
    NoIssuer,
    NotYours,
    OutOfDate,
    PeriodClosed,
)
from billing.models import CorrectionKind, CorrectionRequest, CorrectionState
from billing.services import journal, second_pair
from billing.services.correction_kinds import KINDS, Kind, Picture
from cms.shared import audit
from cms.shared.errors import Conflict, DomainError, NotFound, Text

_PASSES = (InsufficientFunds, NoIssuer, PeriodClosed)  # may be otherwise later: it goes on waiting
_FAREWELL = {
    CorrectionState.APPROVED: Text("%(request)s was approved"),
    CorrectionState.REJECTED: Text("%(request)s was rejected: %(why)s"),
    CorrectionState.WITHDRAWN: Text("%(request)s was withdrawn"),
    CorrectionState.STALE: Text("%(request)s is out of date: %(why)s"),
}


def ask(
    *,
    kind: CorrectionKind,
    parameters: Mapping[str, Any],
    reason: str,
    key: str,
    at: datetime,
    by_id: int | None,
) -> Any:
    """Correct something: gives what the verb of ``kind`` made, or the request that waits.

    Nothing is booked in the second case: another person has to ``approve`` it. The same ``key``
    gives the same. Raises what the verb raises, KeyUsed, NeedsApproval where nobody asks, and
    Conflict where something waits for the same thing already or this was decided otherwise.
    """
    asked = {"kind": kind, "parameters": _stored(parameters), "reason": reason}
    known = CorrectionRequest.objects.filter(idempotency_key=key).first()
    if known is not None:
        return _again(known, asked, at)
    facts: dict[str, Any] = {"reason": reason, "key": key, "at": at, "by_id": by_id}
    try:
        with transaction.atomic():
            made = KINDS[kind].book(**parameters, **facts)
    except NeedsApproval as needs:
        if by_id is None:
            raise
        return _waiting(needs, asked, parameters, facts)
    return KINDS[kind].then(made, at)


def approve(*, request_id: int, at: datetime, by_id: int | None) -> CorrectionRequest:
    """Carry out what was asked for, once, in one transaction; gives the request.

    One that was approved already is given as it is. Raises NotFound, NotYours for who asked,
    Conflict where it was decided otherwise, OutOfDate where things are not as they were (nothing
    is booked, and the request says so), and InsufficientFunds, NoIssuer or PeriodClosed, after
    which it goes on waiting.
    """
    with transaction.atomic():
        request = _locked(request_id)
        _check_another(request, by_id)
        if request.state == CorrectionState.APPROVED:
            return request
        _check_open(request)
        made, refusal = _carried_out(request, at, by_id)
        if refusal is None:
            entry = _kind(request).entry(made)
            _decide(request, CorrectionState.APPROVED, at, by_id, entry=entry)
        else:
            _decide(request, CorrectionState.STALE, at, by_id, answer=str(refusal))
    if refusal is not None:
        raise OutOfDate("Nothing is booked, ask anew: %(message)s", message=refusal.message)
    _kind(request).then(made, at)
    return request


@transaction.atomic
def reject(*, request_id: int, reason: str, at: datetime, by_id: int | None) -> CorrectionRequest:
    """Have it not be booked, and say why. Raises as ``approve``, DomainError without a reason."""
    reason = journal.checked_reason(reason)
    request = _locked(request_id)
    _check_another(request, by_id)
    _check_open(request)
    return _decide(request, CorrectionState.REJECTED, at, by_id, answer=reason)


@transaction.atomic
def withdraw(*, request_id: int, at: datetime, by_id: int | None) -> CorrectionRequest:
    """Take one's own request back. Raises NotFound, NotYours, Conflict where it was decided."""
    request = _locked(request_id)
    if by_id != request.asked_by_id:
        raise NotYours("Only who asked for a correction withdraws it")
    _check_open(request)
    return _decide(request, CorrectionState.WITHDRAWN, at, by_id)


def picture(request: CorrectionRequest, *, at: datetime) -> Picture:
    """How things are now, of what was asked for. Raises OutOfDate where they are otherwise."""
    found = _kind(request).picture(_parameters(request), at)
    if found.facts != request.facts:
        raise OutOfDate("It is not as it was any more when this was asked for")
    return found


def made_by(request: CorrectionRequest, *, at: datetime) -> Any:
    """What an approved request made: as its verb gives it to a repeat."""
    kind = _kind(request)
    if kind.made is not None:
        return kind.made(request.entry)
    return kind.book(**_parameters(request), **_facts(request, at, request.decided_by_id))


def _carried_out(
    request: CorrectionRequest, at: datetime, by_id: int | None
) -> tuple[Any, DomainError | None]:
    """What its verb made; or why nothing was."""

    def still() -> None:
        picture(request, at=at)

    approval = second_pair.Approval(request.amount, request.currency, still)
    try:
        with transaction.atomic(), second_pair.approved(approval):
            return _kind(request).book(**_parameters(request), **_facts(request, at, by_id)), None
    except _PASSES:
        raise
    except DomainError as refusal:
        return None, refusal


def _waiting(needs: NeedsApproval, asked: Mapping[str, Any], parameters: Any, facts: Any) -> Any:
    """The row that waits. Two that come at once are one, or the second is told of the first."""
    reason, key, at, by_id = (facts[name] for name in ("reason", "key", "at", "by_id"))
    now = KINDS[asked["kind"]].picture(parameters, at)
    request = CorrectionRequest(
        kind=asked["kind"],
        idempotency_key=journal.checked_key(key),
        fingerprint=journal.fingerprint(asked),
        parameters=_stored({**parameters, **now.exact}),
        facts=now.facts,
        about=now.about,
        amount=needs.amount,
        currency=needs.currency,
        before=now.before,
        after=now.after,
        reason=journal.checked_reason(reason),
        session_id=now.bill.session_id if now.bill else None,
        site_id=now.bill.site_id if now.bill else None,
        asked_by_id=by_id,
        asked_at=at,
    )
    try:
        with transaction.atomic():
            request.save(force_insert=True)
            audit.note(request, f"Asked for: {request.reason}", user_id=by_id)
    except IntegrityError:
        return _other(key, now.about, asked, at)
    return request


def _other(key: str, about: str, asked: Mapping[str, Any], at: datetime) -> Any:
    """The one that was there first: the same, or another of the same thing (Conflict)."""
    known = CorrectionRequest.objects.filter(idempotency_key=key).first()
    if known is not None:
        return _again(known, asked, at)
    raise Conflict(
        "Another correction of %(about)s waits for approval already: decide that first", about=about
    )


def _again(known: CorrectionRequest, asked: Mapping[str, Any], at: datetime) -> Any:
    journal.check_same(known.fingerprint, asked)
    if known.state == CorrectionState.APPROVED:
        return made_by(known, at=at)
    _check_open(known)
    return known


def _decide(
    request: CorrectionRequest,
    state: CorrectionState,
    at: datetime,
    by_id: int | None,
    **more: Any,
) -> CorrectionRequest:
    request.state, request.decided_at, request.decided_by_id = state, at, by_id
    for name, value in more.items():
        setattr(request, name, value)
    request.save(update_fields=["state", "decided_at", "decided_by", *more])
    audit.note(request, ": ".join(filter(None, [state.value, request.answer])), user_id=by_id)
    return request


def _locked(request_id: int) -> CorrectionRequest:
    rows = CorrectionRequest.objects.select_for_update(no_key=True)
    found = rows.filter(pk=request_id).first()
    if found is None:
        raise NotFound("There is no correction %(request_id)s", request_id=request_id)
    return found


def _check_open(request: CorrectionRequest) -> None:
    if not request.waits:
        state = CorrectionState(request.state)
        raise Conflict(_FAREWELL[state].template, request=request, why=request.answer)


def _check_another(request: CorrectionRequest, by_id: int | None) -> None:
    if by_id is None or by_id == request.asked_by_id:
        raise NotYours("Who asked for a correction does not decide on it: another person has to")


def _kind(request: CorrectionRequest) -> Kind:
    return KINDS[CorrectionKind(request.kind)]


def _facts(request: CorrectionRequest, at: datetime, by_id: int | None) -> dict[str, Any]:
    return {"reason": request.reason, "key": request.idempotency_key, "at": at, "by_id": by_id}


def _stored(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON holds them: an amount as text."""
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in parameters.items()
    }


def _parameters(request: CorrectionRequest) -> dict[str, Any]:
    """Its parameters as its verb takes them."""
    found = dict(request.parameters)
    if found.get("amount") is not None:
        found["amount"] = Decimal(found["amount"])
    return found
