"""Reads of billing that interfaces share."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from billing.models import Tariff, TariffAssignment, TariffVersion
from cms.shared.errors import NotFound


def tariffs() -> QuerySet[Tariff]:
    """All, each with ``newest``: a list of the version published last."""
    newest = TariffVersion.objects.order_by("tariff", "-number")
    return Tariff.objects.prefetch_related(
        Prefetch("versions", newest, to_attr="newest"),
    )


def tariff(tariff_id: int) -> Tariff:
    """One tariff. Raises NotFound."""
    found = tariffs().filter(pk=tariff_id).first()
    if found is None:
        raise NotFound(f"There is no tariff {tariff_id}")
    return found


def versions(tariff_id: int) -> QuerySet[TariffVersion]:
    """The versions of a tariff, the newest first. Raises NotFound."""
    return tariff(tariff_id).versions.order_by("-number")


def assignments(tariff_id: int) -> QuerySet[TariffAssignment]:
    """What a tariff is assigned to. Raises NotFound."""
    return tariff(tariff_id).assignments.order_by("pk")


def assignment(tariff_id: int, assignment_id: int) -> TariffAssignment:
    """One assignment of a tariff. Raises NotFound."""
    found = TariffAssignment.objects.filter(tariff=tariff_id, pk=assignment_id).first()
    if found is None:
        raise NotFound(f"Tariff {tariff_id} has no assignment {assignment_id}")
    return found
