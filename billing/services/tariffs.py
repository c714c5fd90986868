"""Tariffs: published in versions, assigned to places and people, frozen on sessions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q

from billing.models import (
    LEVELS,
    BillingState,
    SessionTariff,
    Tariff,
    TariffAssignment,
    TariffVersion,
)
from billing.rating import documents
from billing.rating.terms import Terms
from billing.services import accounts
from cms.shared.errors import Conflict, DomainError, NotFound
from rfid.models import SELF_TEST
from stations.models import ChargingSession, ChargingStation, Connector


class Frozen(NamedTuple):
    """The version a session is priced with, and what it was assigned to."""

    version: TariffVersion
    level: str


@transaction.atomic
def define(
    *,
    name: str,
    terms: Any,
    at: datetime,
    valid_from: datetime | None = None,
    note: str = "",
    by_id: int | None = None,
) -> TariffVersion:
    """A new tariff with its first version; ``terms`` is a document of billing/rating.

    Raises Conflict where the name is taken, InvalidTerms with what is wrong by field.
    """
    checked = documents.terms(terms)
    try:
        with transaction.atomic():
            tariff = Tariff.objects.create(name=name, currency=checked.currency, note=note)
    except IntegrityError:
        raise Conflict(
            "A tariff with the name %(name)s exists already",
            fields={"name": ["exists already"]},
            name=name,
        ) from None
    return _publish(tariff, checked, at, valid_from, by_id)


@transaction.atomic
def publish(
    *,
    tariff_id: int,
    terms: Any,
    at: datetime,
    valid_from: datetime | None = None,
    by_id: int | None = None,
) -> TariffVersion:
    """A new version of a tariff, for sessions that begin at ``valid_from`` (now) or later.

    Older versions stay as they are, and count for the sessions that have them. Raises NotFound,
    InvalidTerms, DomainError for another currency or a version that would begin in the past.
    """
    checked = documents.terms(terms)
    tariff = Tariff.objects.select_for_update().filter(pk=tariff_id).first()
    if tariff is None:
        raise NotFound("There is no tariff %(tariff_id)s", tariff_id=tariff_id)
    if checked.currency != accounts.known_currency(tariff.currency):
        raise DomainError(
            "The currency should be %(currency)s: a tariff keeps its currency",
            fields={"terms.currency": ["should be %(currency)s: a tariff keeps its currency"]},
            currency=tariff.currency,
        )
    if valid_from and valid_from < at:
        raise DomainError.of_field(
            "validFrom",
            "should not be in the past: sessions may have begun under the older version",
        )
    return _publish(tariff, checked, at, valid_from, by_id)


def flat(*, price: Decimal, currency: str, at: datetime, by_id: int | None = None) -> Tariff:
    """The tariff by which a kWh costs ``price``, with tax, and nothing else anything.

    Made where there is none; one whose terms somebody has changed is another one by now. Raises
    InvalidTerms.
    """
    energy = {"kind": "energy", "price": f"{price.normalize():f}"}
    terms = {"currency": currency, "tax_included": True, "components": [energy]}
    wanted = documents.document(documents.terms(terms))
    name = f"{energy['price']} {currency}/kWh"
    known = {one.name: one for one in Tariff.objects.filter(name__startswith=name)}
    for tariff in known.values():
        versions = list(tariff.versions.values_list("terms", "valid_from"))
        if all(written == wanted and valid_from <= at for written, valid_from in versions):
            return tariff
    free = (f"{name} ({number})" if number > 1 else name for number in count(1))
    unused = next(each for each in free if each not in known)
    return define(name=unused, terms=terms, at=at, by_id=by_id).tariff


@transaction.atomic
def assign(*, tariff: Tariff, level: str, target: Any = None) -> TariffAssignment:
    """Let ``tariff`` count for new sessions at or of ``target``; the one before gives way.

    ``level`` is one of LEVELS; ``everywhere`` has no target. Raises DomainError for another.
    """
    if level not in LEVELS:
        raise DomainError.of_field("level", "should be one of %(known)s", known=", ".join(LEVELS))
    where = {level: True} if level == LEVELS[-1] else {level: target}
    assignment, _ = TariffAssignment.objects.update_or_create(**where, defaults={"tariff": tariff})
    return assignment


def unassign(*, assignment: TariffAssignment) -> None:
    """Sessions that begin from now on have the next less specific tariff, if any."""
    assignment.delete()


def freeze(session: ChargingSession, at: datetime) -> None:
    """Keep the tariff that counts for ``session`` as it begins; nothing where there is none.

    Nor for one of the self-test, whose station and card have one name: no bill may come of it.
    """
    if session.id_tag.startswith(SELF_TEST) and session.id_tag == session.station.cp_id:
        return
    found = in_force(session, session.started_at or session.stopped_at or at)
    if found is not None:
        SessionTariff.objects.create(
            session=session, version=found.version, level=found.level, frozen_at=at
        )


def in_force(session: ChargingSession, began_at: datetime) -> Frozen | None:
    """The version that counts for a session, and why; most specific target first."""
    connector: Connector | None = session.connector
    group_id = session.card.group_id if session.card else None
    user_id = session.card.user_id if session.card else None
    where = Q(everywhere=True) | Q(station=session.station_id)
    where |= Q(site__stations=session.station_id)
    for name, number in (("connector", connector), ("card_group", group_id), ("user", user_id)):
        where |= Q(**{name: number}) if number is not None else Q()
    assignments = TariffAssignment.objects.filter(where).select_related("tariff")
    chosen = min(assignments, key=lambda row: LEVELS.index(row.level), default=None)
    if chosen is None:
        return None
    version = _version_at(chosen.tariff, began_at)
    return Frozen(version, chosen.level) if version else None


def currencies_at(station: ChargingStation) -> list[str]:
    """The currencies a session at ``station`` may be priced in: mostly one; none without a tariff.

    Of groups and users only where no tariff of the place comes before theirs.
    """
    place = Q(station=station) | Q(site__stations=station)
    rows = TariffAssignment.objects.select_related("tariff")
    of_place = sorted(rows.filter(place), key=lambda row: LEVELS.index(row.level))[:1]
    else_ = Q(card_group__isnull=False) | Q(user__isnull=False) | Q(everywhere=True)
    outlets = Q(connector__station=station)
    rest = rows.filter(outlets if of_place else outlets | else_)
    return sorted({row.tariff.currency for row in [*of_place, *rest]})


def terms_of(version: TariffVersion) -> Terms:
    """The terms of a version, checked again as they are read."""
    return documents.terms(version.terms)


def not_to_be_billed(*, session_ids: list[int]) -> None:
    """These are discarded, or counted in another session."""
    SessionTariff.objects.filter(session__in=session_ids).update(state=BillingState.NOTHING)


def _publish(
    tariff: Tariff, terms: Terms, at: datetime, valid_from: datetime | None, by_id: int | None
) -> TariffVersion:
    last = tariff.versions.order_by("-number").values_list("number", flat=True).first()
    return TariffVersion.objects.create(
        tariff=tariff,
        number=(last or 0) + 1,
        terms=documents.document(terms),
        valid_from=valid_from or at,
        published_at=at,
        published_by_id=by_id,
    )


def _version_at(tariff: Tariff, moment: datetime) -> TariffVersion | None:
    """The one published last of those valid then; the first one for what began before it."""
    versions = tariff.versions.order_by("-number")
    return versions.filter(valid_from__lte=moment).first() or versions.last()
