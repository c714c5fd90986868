"""Renewing: certificates of stations that end soon are renewed, or somebody is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from cms.shared.errors import Conflict
from stations.models import (
    CertificateState,
    Resolution,
    ReviewCase,
    ReviewKind,
    StationCertificate,
)
from stations.services import commands, review
from stations.services.issuing import TRIGGER
from stations.services.review import Sighting

_AGAIN = timedelta(days=1)  # a station that did not renew is told once more after so long
_AT_ONCE = 100
_REASON = "its certificate ends soon, and it did not renew it"
_OVER = "The station has another certificate."


def renew_due(*, at: datetime) -> int:
    """Tell stations whose certificate ends soon to ask for a new one; gives how many.

    Soon is within STATION_CERTIFICATE_RENEW_DAYS; each is told once a day while it is connected.
    Where half of that time is over, a review case says so, until the station has another one.
    """
    ending = _ending(at)
    again = Q(renewal_asked_at=None) | Q(renewal_asked_at__lte=at - _AGAIN)
    there = ending.filter(again, station__online=True).exclude(station__connection_id="")
    told = sum(_tell(row, at) for row in there.order_by("not_after")[:_AT_ONCE])
    half = timedelta(days=settings.STATION_CERTIFICATE_RENEW_DAYS) / 2
    for row in ending.filter(not_after__lte=at + half).order_by("not_after")[:_AT_ONCE]:
        _warn(row, at)
    _end_warnings(at)
    return told


def _ending(at: datetime) -> QuerySet[StationCertificate]:
    """What stations use and ends soon, where nothing newer is used or on its way."""
    newer = StationCertificate.objects.filter(
        station=OuterRef("station"),
        pk__gt=OuterRef("pk"),
        state__in=[CertificateState.REQUESTED, CertificateState.ISSUED, CertificateState.ACCEPTED],
    )
    soon = at + timedelta(days=settings.STATION_CERTIFICATE_RENEW_DAYS)
    return StationCertificate.objects.filter(
        ~Exists(newer), state=CertificateState.ACCEPTED, not_after__lte=soon
    ).select_related("station")


@transaction.atomic
def _tell(row: StationCertificate, at: datetime) -> bool:
    try:
        commands.request(
            station=row.station,
            action="ExtendedTriggerMessage",
            payload={"requestedMessage": TRIGGER},
            at=at,
        )
    except Conflict:  # it left meanwhile, or is not served any more
        return False
    StationCertificate.objects.filter(pk=row.pk).update(renewal_asked_at=at)
    return True


def _warn(row: StationCertificate, at: datetime) -> None:
    """One case, however often it is looked at."""
    subject = f"{row.station_id}/certificate/{row.pk}"
    if ReviewCase.objects.filter(subject=subject, kind=ReviewKind.SECURITY_EVENT).exists():
        return
    assert row.not_after is not None
    evidence = {"certificate": row.pk, "notAfter": row.not_after.isoformat()}
    kind = ReviewKind.SECURITY_EVENT
    review.notice(Sighting(kind, subject, _REASON, row.station_id, evidence=evidence), at=at)


def _end_warnings(at: datetime) -> None:
    """Where the station has another one, the case ends by itself."""
    cases = ReviewCase.objects.filter(kind=ReviewKind.SECURITY_EVENT, reason=_REASON, state="Open")
    ending = set(_ending(at).values_list("station_id", flat=True))
    over = [case.pk for case in cases[:_AT_ONCE] if case.station_id not in ending]
    rows = ReviewCase.objects.filter(pk__in=over)
    review.close(rows, Resolution.COMPLETED_BY_ITSELF, why=_OVER, at=at)
