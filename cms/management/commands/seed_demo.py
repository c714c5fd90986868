"""``manage.py seed_demo``: the demo's sites, stations and cards; running it again adds nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from cms.demo import DEMO_CARDS, DEMO_STATIONS
from cms.shared import clock
from rfid.models import CardGroup
from rfid.services import cards
from stations.models import Site
from stations.services import local_lists, stations

_SITES = {
    "HARBOUR": {
        "name": "Harbour car park",
        "address": "Am Sandtorkai 1",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DE",
        "latitude": Decimal("53.543800"),
        "longitude": Decimal("9.995600"),
        "time_zone": "Europe/Berlin",
    },
    "MARKET": {
        "name": "Market square",
        "address": "Place du Marché 4",
        "city": "Lausanne",
        "postal_code": "1003",
        "country": "CH",
        "latitude": Decimal("46.522100"),
        "longitude": Decimal("6.632800"),
        "time_zone": "Europe/Zurich",
    },
}


class Command(BaseCommand):
    """Seeds the demo."""

    help = "Make the demo's two sites, six stations and six cards."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing."""
        for key, fields in _SITES.items():
            site, _ = Site.objects.get_or_create(name=fields["name"], defaults=fields)
            for cp_id in (name for name in DEMO_STATIONS if key in name):
                if stations.find(cp_id) is None:
                    made = stations.create(cp_id=cp_id, site=site, time_zone=site.time_zone)
                    local_lists.choose(station=made, policy="All", groups=[], at=clock.now())
        group, _ = CardGroup.objects.get_or_create(
            name="Demo drivers", defaults={"parent_id_tag": "DEMO"}
        )
        for number, id_tag in enumerate(DEMO_CARDS, 1):
            if cards.find(id_tag) is None:
                cards.create(id_tag=id_tag, label=f"Demo driver {number}", group=group)
        self.stdout.write("The demo has 2 sites, 6 stations and 6 cards.")
