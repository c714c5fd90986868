"""Which sites' rows somebody sees: the one function that pages, API and sockets ask.

A person may be limited to some sites. Each app says in its ``apps.py`` of each of its models how
it belongs to a site; what nobody spoke of is not shown to who is limited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from cms.shared.errors import DomainError

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Limit:
    """Whom it is about (the id of a user), and the ids of the sites they are limited to.

    ``station_ids``: of the stations there, where they are known. With them a query says which
    stations it wants, and PostgreSQL knows beforehand how much those have: behind a join it walks
    a million rows for a site that has none.
    """

    user_id: int
    site_ids: frozenset[int]
    station_ids: frozenset[int] | None = None


Rule = str | Callable[[Limit], Q]
Named = Callable[[Any, str], QuerySet[Any]]  # of the model of a view, and what is written there
_OF_A_STATION = "station__site"
_rules: dict[str, Rule] = {}
_names: dict[str, Named] = {}
_kinds: dict[str, type[Model] | None] = {}


def everybody(limit: Limit) -> Q:
    """The rule for what is of no site: seen by whoever has the permission."""
    return Q()


def nobody(limit: Limit) -> Q:
    """The rule for what is the whole company's: not seen by who is limited."""
    return Q(pk__in=())


def declare(app_label: str, rules: Mapping[str, Rule]) -> None:
    """Say for models of an app, by their class names, which rows who is limited sees.

    A rule is the path of fields to the site (``"station__site"``; no path may lead to many rows:
    it would show rows twice), or a function that makes the condition: ``everybody``, ``nobody``.
    """
    _rules.update({f"{app_label}.{name}": rule for name, rule in rules.items()})


def rule_of(model: type[Model]) -> Rule | None:
    """What was declared of a model; None: nothing."""
    return _rules.get(model._meta.concrete_model._meta.label)  # type: ignore[union-attr]


def declare_names(names: Mapping[str, Named]) -> None:
    """Say which rows a part of an address means: ``cp_id`` the station with this identity."""
    _names.update(names)


def declare_kinds(kinds: Mapping[str, type[Model] | None]) -> None:
    """Say which rows a name of the bulletin means: ``station:3`` the station with this key.

    None for a name that is of no row, and is told to everybody.
    """
    _kinds.update(kinds)


def kinds() -> Mapping[str, type[Model] | None]:
    """What was declared of names of the bulletin."""
    return _kinds


def by_number(model: Any) -> Named:
    """Rows of ``model`` named by their primary key."""
    return lambda _, text: model._default_manager.filter(pk=int(text))


def names() -> Mapping[str, Named]:
    """What was declared of parts of addresses."""
    return _names


def limit_of(user: Any) -> Limit | None:
    """What ``user`` is limited to; None: to nothing. Asked of the database once for a request."""
    limit: Limit | None = getattr(user, "site_limit", None)
    return limit


def visible(user: Any, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of ``rows`` that ``user`` may see, as far as sites go; rights are another matter.

    ``rows`` themselves, and no query, for who is not limited. To be called before it is sliced.
    """
    return within(limit_of(user), rows)


def within(limit: Limit | None, rows: QuerySet[Row]) -> QuerySet[Row]:
    """The same for a limit that is known already."""
    if limit is None:
        return rows
    rule = rule_of(rows.model) or nobody
    if isinstance(rule, str):
        if limit.station_ids is not None and rule.endswith(_OF_A_STATION):
            return rows.filter(**{f"{rule.removesuffix('__site')}__in": limit.station_ids})
        return rows.filter(**{f"{rule}__in": limit.site_ids})
    return rows.filter(rule(limit))


def sees(user: Any, row: Model) -> bool:
    """Whether ``user`` may see this row, as far as sites go."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    return limit_of(user) is None or visible(user, rows).exists()


def needs_site(user: Any, site_id: int | None, *, field: str = "site") -> None:
    """Raise DomainError, naming ``field``, where ``user`` may put nothing at this site."""
    limit = limit_of(user)
    if limit is not None and site_id not in limit.site_ids:
        raise DomainError(
            "The site should be one of the sites you work for",
            fields={field: ["should be one of the sites you work for"]},
        )


def may_name(user: Any, parts: Mapping[str, str], *, model: type[Model]) -> bool:
    """Whether ``user`` may see everything that the parts of an address of ``model`` name.

    What does not exist may not be named either, so that nobody can tell the two apart. Raises
    KeyError for a part nobody declared.
    """
    return limit_of(user) is None or all(
        visible(user, _names[name](model, value)).exists() for name, value in parts.items()
    )


def audible(user: Any, names: Iterable[str]) -> set[str]:
    """Those of the bulletin's ``names`` (such as ``station:3``) that ``user`` may be told.

    One query for each kind among them; none, and all of them, for who is not limited. What nobody
    declared is not told to who is limited. For every socket that passes names on.
    """
    if limit_of(user) is None:
        return {*names}
    asked: dict[str, set[int]] = {}
    for name in names:
        kind, _, number = name.partition(":")
        asked.setdefault(kind, set()).add(int(number))
    told: set[str] = set()
    for kind in asked.keys() & _kinds.keys():
        model, numbers = _kinds[kind], asked[kind]
        if model is not None:
            rows = visible(user, model._default_manager.filter(pk__in=numbers)).order_by()
            numbers = {*rows.values_list("pk", flat=True)}
        told.update(f"{kind}:{number}" for number in numbers)
    return told
