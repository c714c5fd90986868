"""Sites as a program describes them, with what a kWh costs there: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from billing.services import tariffs
from stations.services import sites
from stations.services.sites import Defined, Standing

Prices = Sequence[Sequence[Decimal | None]]


@transaction.atomic
def define(
    *,
    site_id: int | None,
    fields: Mapping[str, Any],
    standing: Sequence[Standing],
    price: Decimal | None,
    prices: Prices,
    at: datetime,
    by_id: int | None = None,
) -> Defined:
    """``sites.define``; ``price`` is that of the site, ``prices`` those of its connectors.

    Prices are for a kWh, with tax, in the currency of the system; None leaves what counts there.
    Raises what ``sites.define`` and ``tariffs.flat`` raise.
    """
    made = sites.define(site_id=site_id, fields=fields, standing=standing)
    wanted: list[tuple[str, Any, Decimal | None]] = [("site", made.site, price)]
    for outlets, own in zip(made.outlets, prices, strict=True):
        wanted += [("connector", *pair) for pair in zip(outlets, own, strict=True)]
    known: dict[Decimal, Any] = {}
    for level, target, amount in wanted:
        if amount is None:
            continue
        if amount not in known:
            currency = settings.BILLING_CURRENCY
            known[amount] = tariffs.flat(price=amount, currency=currency, at=at, by_id=by_id)
        tariffs.assign(tariff=known[amount], level=level, target=target)
    return made
