"""Finding by what people type, through indexes: identities, id tags, numbers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from cms.shared import scoping
from stations.models import ChargingStation, Connector

_MANY = 200  # stations a search may stand for; more is no search
_MOST_NAMED = 1000
_MAX_ID = 2**31 - 1


def stations(beginning: str) -> list[int]:
    """The ids of stations whose identity begins with this, letter case ignored."""
    named = ChargingStation.objects.filter(cp_id__istartswith=beginning)
    return list(named.order_by("cp_id").values_list("pk", flat=True)[:_MANY])


def at_stations(rows: QuerySet[Any], beginning: str) -> QuerySet[Any]:
    """``rows`` of the stations whose identity begins with this."""
    found = stations(beginning)
    if len(found) == 1:
        return rows.filter(station_id=found[0])
    return rows.filter(station_id__in=found)


def number(text: str) -> int | None:
    """The 32-bit number ``text`` is, if it is one."""
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        return None
    return int(digits) if int(digits) <= _MAX_ID else None


def by_number_tag_or_station(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """The row with this number or this id tag; else those of stations that begin with it."""
    # Upper() on both sides, not __iexact: SQLite would write that as LIKE, past the index.
    wanted = Q(tag=Upper(Value(text)))
    if (pk := number(text)) is not None:
        wanted |= Q(pk=pk)
    exact = rows.alias(tag=Upper("id_tag")).filter(wanted)
    return exact if exact.order_by().exists() else at_stations(rows, text)


def connector(text: str) -> Connector | None:
    """The connector written as ``CP-1/2``: the identity and its number."""
    cp_id, _, digits = text.rpartition("/")
    if not cp_id or (wanted := number(digits)) is None:
        return None
    return Connector.objects.filter(station__cp_id__iexact=cp_id, connector_id=wanted).first()


def all_named(text: str, user: Any) -> list[ChargingStation]:
    """The stations with the identities in ``text``.

    Raises ValidationError for one that ``user`` does not see.
    """
    names = text.replace(",", " ").split()
    if len(names) > _MOST_NAMED:
        raise ValidationError(_("Name at most %(most)s stations.") % {"most": _MOST_NAMED})
    rows = scoping.visible(user, ChargingStation.objects.all())
    found = [rows.named(name).first() for name in names]  # type: ignore[attr-defined]
    missing = [name for name, row in zip(names, found, strict=True) if row is None]
    if missing:
        raise ValidationError(_("There is no station %(missing)s.") % {"missing": missing[0]})
    return [row for row in found if row is not None]
