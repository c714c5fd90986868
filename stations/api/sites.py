"""Naming a site in a body or a filter: one the caller works for, or there is no such site."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cms.shared import scoping
from stations.models import Site


def sites_of(request: Any) -> QuerySet[Site]:
    """The sites the caller may name."""
    rows: QuerySet[Site] = Site.objects.all()
    return scoping.visible(request.user, rows) if request else rows


@extend_schema_field(int)
class SiteField(serializers.PrimaryKeyRelatedField[Site]):
    """The number of a site. Its serializer is made with the request in its context."""

    def get_queryset(self) -> QuerySet[Site]:
        """Those the caller may name."""
        return sites_of(self.context["request"])
