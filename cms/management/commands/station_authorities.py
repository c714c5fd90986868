"""``manage.py station_authorities``: who signs stations' certificates here, as PEM, for a proxy."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from cms.shared import clock
from stations.models import StationAuthority
from stations.services import authorities


class Command(BaseCommand):
    """Prints the certificates of our authorities; makes them where there are none yet."""

    help = "Print the certificates of our own authorities (PEM); they are made where missing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, print all."""
        authorities.make_all(at=clock.now())
        for row in StationAuthority.objects.order_by("pk"):
            self.stdout.write(row.certificate.strip())
