"""What every REST view stands on: JSON in and out, scopes, pages, filters, camelCase, routes."""

from __future__ import annotations

from cms.shared.api.envelopes import Enveloped
from cms.shared.api.filters import Filters, Moment, YesNo
from cms.shared.api.json import OrjsonParser, OrjsonRenderer
from cms.shared.api.pages import LinkedPages
from cms.shared.api.permissions import HasScope
from cms.shared.api.routes import route
from cms.shared.api.serializers import CamelCase, CamelCaseModel, Kilo, Shouted

__all__ = [
    "CamelCase",
    "CamelCaseModel",
    "Enveloped",
    "Filters",
    "HasScope",
    "Kilo",
    "LinkedPages",
    "Moment",
    "OrjsonParser",
    "OrjsonRenderer",
    "Shouted",
    "YesNo",
    "route",
]
