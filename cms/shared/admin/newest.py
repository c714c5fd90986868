"""The newest rows of the sites somebody is limited to, found station by station.

"The newest fifty of these twenty stations" makes a database walk all rows from the newest on until
it has fifty: where the stations have few, that is the whole table. The index of each station (or
connector) ends after as many as it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from django.db.models import F, JSONField, Model, OuterRef, QuerySet, Subquery

from cms.shared import scoping

_MOST = 50_000  # found at all stations together; deeper pages are walked to
Row = TypeVar("Row", bound=Model)


class Along(NamedTuple):
    """An index: it begins with the foreign key ``owner`` and goes on with the field ``key``."""

    owner: str
    key: str = "pk"


class _Places(Subquery):
    """Of each row of a query its place in the order and its number, as one JSON text."""

    output_field = JSONField()
    template = (
        "(SELECT jsonb_agg(jsonb_build_array(newest.place, newest.number))"
        " FROM (%(subquery)s) AS newest)"
    )

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same for SQLite, which has other names for it."""
        template = self.template.replace("jsonb_agg", "json_group_array")
        template = template.replace("jsonb_build_array", "json_array")
        return self.as_sql(compiler, connection, template=template, **context)


def of_sites(
    user: Any, rows: QuerySet[Row], among: QuerySet[Row], along: Along, most: int
) -> QuerySet[Row]:
    """``rows`` without what cannot be among the ``most`` newest, in the order of the index.

    ``among``: all rows that would count if ``user`` were not limited. One query; none, and
    ``rows`` as they are, for who is not limited or asks for too many.
    """
    limit = scoping.limit_of(user)
    stations = limit.station_ids if limit else None
    if stations is None or most * len(stations) > _MOST:
        return rows
    owners: Any = rows.model._meta.get_field(along.owner).related_model
    each = among.filter(**{along.owner: OuterRef("pk")}).order_by(f"-{along.key}", "-pk")
    places = each.annotate(place=F(along.key), number=F("pk")).values("place", "number")[:most]
    seen = scoping.visible(user, owners._default_manager.order_by())
    found: Iterable[Any] = seen.values_list(_Places(places), flat=True)
    newest = nlargest(most, chain.from_iterable(part or () for part in found))
    numbers = [number for _place, number in newest]
    return rows.filter(pk__in=numbers).order_by(f"-{along.key}", "-pk")
