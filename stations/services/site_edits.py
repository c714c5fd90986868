"""Sites as people edit them: stored, and told to who shows them."""

from __future__ import annotations

from stations import events
from stations.models import Site


def save(*, site: Site) -> None:
    """Store a site, new or changed."""
    site.save()
    events.site_changed(site.pk)


def delete(*, site: Site) -> None:
    """Remove a site; its stations stand nowhere then."""
    number = site.pk
    site.delete()
    events.site_changed(number)
