"""The filters of the billing report: fields whose values stand in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.models import Account, AccountKind, Tariff
from billing.reports import asked, periods, words
from billing.reports.asked import CUSTOM, GROUP_NAMES, Asked
from cms.shared import scoping
from stations.models import Site

_MOST = 300  # sites and tariffs one can choose from in a list
_PERIODS = {
    "today": lazy("Today"),
    "yesterday": lazy("Yesterday"),
    "thisMonth": lazy("This month"),
    "lastMonth": lazy("Last month"),
    "thisQuarter": lazy("This quarter"),
    "lastQuarter": lazy("Last quarter"),
    "thisYear": lazy("This year"),
    "lastYear": lazy("Last year"),
    CUSTOM: lazy("From … to …"),
}
_DRILLED = ("ownerId", "stationId", "driverId", "cardGroupId")  # chosen in the table itself
Options = Iterable[tuple[object, object]]


def cleaned(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an address that mean something; days only where no period is named."""
    said = {name: given[name] for name in asked.NAMES if given.get(name, "").strip()}
    if "period" not in said and ("since" in said or "until" in said):
        said["period"] = CUSTOM
    if said.get("period") in periods.NAMES:
        said = {name: value for name, value in said.items() if name not in ("since", "until")}
    return said


def asked_by(request: HttpRequest, at: datetime) -> Asked:
    """What the address asks for. Raises DomainError."""
    return asked.read(cleaned(request.GET), at=at, within=scoping.limit_of(request.user))


def filters(
    said: Mapping[str, str], wanted: Asked | None, wrong: Mapping[str, list[str]], user: Any
) -> dict[str, Any]:
    """The fields with what they say now, and what is wrong with them."""
    # Days, whatever was said: that is all these fields can show.
    first, last = wanted.scope.days() if wanted else (said.get("since"), said.get("until"))
    fields = [
        _select("period", _("Period"), _PERIODS.items(), said.get("period", "thisMonth")),
        _input("since", _("From"), "date", str(first or "")),
        _input("until", _("To"), "date", str(last or "")),
        _input("zone", _("Time zone"), "text", said.get("zone", settings.TIME_ZONE)),
        _select("groupBy", _("Group by"), _groups(), said.get("groupBy", "site")),
        _select("siteId", _("Site"), _sites(user), said.get("siteId", ""), every=_("All sites")),
        _select(
            "tariffId", _("Tariff"), _tariffs(), said.get("tariffId", ""), every=_("All tariffs")
        ),
        _select(
            "currency", _("Currency"), _currencies(), said.get("currency", ""), every=_("Each")
        ),
    ]
    for field in fields:
        field["errors"] = wrong.get(field["name"], [])
    kept = {name: said[name] for name in (*_DRILLED, "sort") if name in said}
    others = {name: why for name, why in wrong.items() if name in (*_DRILLED, "sort", "limit")}
    return {"fields": fields, "kept": kept, "others": others}


def _select(name: str, label: str, options: Options, value: str, every: str = "") -> dict[str, Any]:
    found = [(str(key), text, str(key) == value) for key, text in options]
    if every:
        found.insert(0, ("", every, not value))
    return {"name": name, "label": label, "options": found}


def _input(name: str, label: str, kind: str, value: str) -> dict[str, Any]:
    return {"name": name, "label": label, "type": kind, "value": value}


def _groups() -> Options:
    return [(name, words.named(group)) for name, group in GROUP_NAMES.items()]


def _sites(user: Any) -> Options:
    rows = scoping.visible(user, Site.objects.order_by("name"))
    return rows.values_list("pk", "name")[:_MOST]


def _tariffs() -> Options:
    return Tariff.objects.order_by("name").values_list("pk", "name")[:_MOST]


def _currencies() -> Options:
    incomes = Account.objects.filter(kind=AccountKind.INCOME).order_by("currency")
    return [(code, code) for code in sorted(set(incomes.values_list("currency", flat=True)))]
