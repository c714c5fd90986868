"""What rings for those who watch maps: a site that somebody edited, whoever it was."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from cms.accounts.models import User
from cms.shared import bulletin
from stations.models import Site
from stations.services import sites
from tests.maps.given import a_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def rang(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that rang, as soon as something said so."""
    names: set[str] = set()

    def changed(kind: str, *numbers: int) -> None:
        names.update(f"{kind}:{number}" for number in numbers)

    monkeypatch.setattr(bulletin, "changed", changed)
    return names


def test_a_site_that_is_edited_in_the_admin_rings(rang):
    site = a_site("Harbour")
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    form = {"name": "Port", "time_zone": "UTC", "latitude": "52.5", "longitude": "13.4"}
    address = reverse("admin:stations_site_change", args=[site.pk])
    assert client.post(address, form).status_code == 302
    assert Site.objects.get().name == "Port"
    assert f"site:{site.pk}" in rang


def test_a_site_that_goes_rings(rang):
    site = a_site("Harbour")
    number = site.pk
    sites.delete(site=site)
    assert rang == {f"site:{number}"}


def test_a_site_that_a_program_describes_rings(rang):
    made = sites.define(site_id=None, fields={"name": "Harbour"})
    assert f"site:{made.site.pk}" in rang
