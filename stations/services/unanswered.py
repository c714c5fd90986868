"""Unanswered: what it means for our rows that a command was given up, refused or never sent."""

from __future__ import annotations

from datetime import datetime

from stations.models import (
    AssignmentState,
    CertificateState,
    Command,
    ProfileAssignment,
    Reservation,
    ReservationStatus,
    StationCertificate,
)
from stations.services import credentials, errands


def follow(*, command: Command, at: datetime) -> None:
    """Nobody will say whether it is reserved, in force or taken: no row waits for it any longer."""
    Reservation.objects.filter(command=command, status=ReservationStatus.REQUESTED).update(
        status=ReservationStatus.FAILED, ended_at=at
    )
    errands.unanswered(command=command, at=at)
    credentials.unanswered(command=command)
    ProfileAssignment.objects.filter(command=command, state=AssignmentState.REQUESTED).update(
        state=AssignmentState.FAILED, ended_at=at
    )
    if command.action == "CertificateSigned":
        reason = f"{command.error_code} {command.error_description}".strip()
        StationCertificate.objects.filter(command=command, state=CertificateState.ISSUED).update(
            state=CertificateState.NOT_DELIVERED, reason=reason[:200], answered_at=at
        )
