"""Whatever stations write, the pages that show it escape it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from stations.models import ChargingStation, Connector, HappeningKind
from stations.services import happenings, tallies
from stations.services.tallies import Tolerated

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
PAGES = (
    *("stations_chargingstation", "stations_chargingsession", "stations_reviewcase"),
    *("stations_quirktally", "stations_statuschange", "ocpp_gateway_ocppmessage"),
)


@pytest.fixture
def defaced(world, station, session, orphan, message):
    """The same texts wherever a station may write."""
    long_ago = timezone.now() - timedelta(hours=1)
    ChargingStation.objects.filter(pk=station.pk).update(
        vendor=EVIL, model=EVIL, firmware_version=EVIL, serial_number=EVIL
    )
    Connector.objects.filter(station=station).update(
        status="Faulted", error_code=EVIL, info=EVIL, vendor_error_code=EVIL, status_since=long_ago
    )
    more = {"station_id": station.pk, "at": timezone.now(), "outcome": EVIL[:50]}
    happenings.note(HappeningKind.FAULT, detail=EVIL, **more)
    session.id_tag = session.stop_id_tag = EVIL
    session.stop_reason = EVIL[:50]
    session.save()
    orphan.id_tag, orphan.cp_id, orphan.evidence = EVIL, EVIL, {EVIL: EVIL}
    orphan.save()
    message.request = f'[2,"1","{EVIL}",{{"a":"{EVIL}"}}]'
    message.action = message.error_code = EVIL[:50]
    message.save()
    tallies.add(tolerated=[Tolerated(station.pk, "unknown_word", 0, EVIL)], at=timezone.now())
    return world


def name_of(kind):
    """What the addresses of a model's pages begin with."""
    return f"{kind._meta.app_label}_{kind._meta.model_name}"


@pytest.mark.parametrize("model", PAGES)
def test_no_page_runs_what_a_station_wrote(defaced, root, model):
    addresses = [reverse(f"admin:{model}_changelist")]
    [row] = [row for kind, row in defaced.items() if name_of(kind) == model]
    addresses.append(reverse(f"admin:{model}_change", args=[row.pk]))
    for address in addresses:
        page = root.get(address).content.decode()
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address


def test_the_home_page_runs_nothing_either(defaced, root):
    page = root.get(reverse("admin:index")).content.decode()
    assert "onerror" in page  # it is shown ...
    assert "<img src=x" not in page  # ... as text
