"""What a kWh costs now at connectors, as a map tells it: of many in two queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from billing.models import PLACES, TariffAssignment, TariffVersion
from billing.rating.terms import Kind, Terms
from billing.services import tariffs
from stations.models import Site

_MANY = 1000  # beyond it one reads the assignments of all places rather than name these
_PERCENT, _CENT = Decimal(100), Decimal("0.01")


class Place(NamedTuple):
    """A connector by the rows a tariff may be assigned to; ``zone`` is the name of its site's."""

    connector: int
    station: int
    site: int | None
    zone: str
    power_w: int | None


class PerKwh(NamedTuple):
    """A price with tax."""

    amount: Decimal
    currency: str


def of_energy(places: Sequence[Place], at: datetime) -> dict[int, PerKwh]:
    """The price at ``at`` of the first kWh of a session that begins then, by connector.

    By the tariff of the place (or everybody's): what groups and people have of their own counts
    for them alone. Without connectors that have no tariff, or none with a price of energy then.
    """
    chosen = _chosen(places)
    terms = _terms({tariff for _, tariff in chosen}, at)
    clocks = {name: at.astimezone(Site(time_zone=name).zone) for name in {p.zone for p in places}}
    known: dict[tuple[int, str, int | None], PerKwh | None] = {}
    found: dict[int, PerKwh] = {}
    for place, tariff in chosen:
        key = (tariff, place.zone, place.power_w)
        if key not in known:
            known[key] = _price(terms.get(tariff), clocks[place.zone], place.power_w)
        if (price := known[key]) is not None:
            found[place.connector] = price
    return found


def _chosen(places: Sequence[Place]) -> list[tuple[Place, int]]:
    """Each place with the tariff assigned to it, as ``tariffs.in_force`` chooses."""
    columns = [f"{name}_id" for name in PLACES]
    by_level: dict[str, dict[int, int]] = {name: {} for name in PLACES}
    everywhere: int | None = None
    for *targets, tariff in _assignments(places).values_list(*columns, "tariff_id"):
        for name, target in zip(PLACES, targets, strict=True):
            if target is not None:
                by_level[name][target] = tariff
        if not any(targets):
            everywhere = tariff
    levels = [(name, by_level[name]) for name in PLACES if by_level[name]]
    found = []
    for place in places:
        own = (level.get(getattr(place, name)) for name, level in levels)
        tariff = next((number for number in own if number is not None), everywhere)
        if tariff is not None:
            found.append((place, tariff))
    return found


def _assignments(places: Sequence[Place]) -> QuerySet[TariffAssignment]:
    rows = TariffAssignment.objects.filter(card_group=None, user=None).order_by()
    if len(places) > _MANY:
        return rows
    named = {f"{name}__in": {getattr(place, name) for place in places} - {None} for name in PLACES}
    where = Q(everywhere=True)
    for name, numbers in named.items():
        where |= Q(**{name: numbers})
    return rows.filter(where)


def _terms(tariff_ids: Iterable[int], at: datetime) -> dict[int, Terms]:
    """The terms of each that are valid then: the version ``tariffs.in_force`` finds."""
    own = TariffVersion.objects.filter(tariff=OuterRef("tariff")).values("pk")
    valid = own.filter(valid_from__lte=at).order_by("-number")[:1]
    first = own.order_by("number")[:1]
    rows = TariffVersion.objects.filter(tariff__in=tariff_ids).order_by()
    rows = rows.alias(counts=Coalesce(Subquery(valid), Subquery(first))).filter(pk=F("counts"))
    return {row.tariff_id: tariffs.terms_of(row) for row in rows}


def _price(terms: Terms | None, local: datetime, power_w: int | None) -> PerKwh | None:
    if terms is None:
        return None
    for _, component in terms.of_kind.get(Kind.ENERGY, ()):
        if component.when.hold(local, 0, 0, power_w):
            taxed = 1 if terms.tax_included else 1 + terms.rate(component) / _PERCENT
            return PerKwh(_plain(component.price * taxed), terms.currency)
    return None


def _plain(amount: Decimal) -> Decimal:
    """Two decimals, or as many more as it has, six at most."""
    short = round(amount, 6).normalize()
    cents = short.quantize(_CENT)
    return cents if cents == short else short
