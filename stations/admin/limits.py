"""Limits of sessions in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from stations.models import LimitKind, SessionLimit


def words(row: SessionLimit) -> str:
    """At how much a session is stopped: ``10 kWh, 30 min``."""
    parts = [
        f"{row.energy_wh / 1000:g} kWh" if row.energy_wh else "",
        _("%(number)s min") % {"number": row.minutes} if row.minutes else "",
        _("a cost of %(amount)s") % {"amount": f"{row.amount:.2f}"} if row.amount else "",
    ]
    return ", ".join(filter(None, parts))


def shown(row: SessionLimit) -> str:
    """The limit, and whether it was reached."""
    if row.reached:
        what = LimitKind(row.reached).label
        return _("%(limit)s: reached by %(what)s") % {"limit": words(row), "what": what}
    return words(row)
