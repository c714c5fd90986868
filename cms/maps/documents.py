"""What the OpenAPI document says of maps: their parameters, shapes and examples."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from cms.shared.api import CamelCase
from stations.api.opening_hours import OpeningHoursSerializer


class Point(CamelCase):
    """Where a site is."""

    type = serializers.ChoiceField(["Point"])
    coordinates = serializers.ListField(
        child=serializers.FloatField(),
        min_length=2,
        max_length=2,
        help_text="Longitude, latitude, in degrees",
    )


class MarkerProperties(CamelCase):
    """A site, and its connectors that suit."""

    site_id = serializers.IntegerField()
    name = serializers.CharField()
    available = serializers.IntegerField(help_text="Free now")
    total = serializers.IntegerField(help_text="All that suit")


class MarkerFeature(CamelCase):
    """A marker as a GeoJSON Feature."""

    type = serializers.ChoiceField(["Feature"])
    id = serializers.IntegerField(help_text="As properties.siteId")
    geometry = Point()
    properties = MarkerProperties()


class MarkerCollection(CamelCase):
    """A GeoJSON FeatureCollection (RFC 7946)."""

    type = serializers.ChoiceField(["FeatureCollection"])
    features = MarkerFeature(many=True)
    truncated = serializers.BooleanField(
        help_text="There are more sites than are looked at: ask for a smaller part of the map"
    )


class FreeConnector(CamelCase):
    """One that is free, as it is named to start there."""

    id = serializers.IntegerField()
    charge_point_id = serializers.CharField()
    connector_id = serializers.IntegerField(help_text="Its number at the station")


class ConnectorGroup(CamelCase):
    """Connectors of one type, power and price."""

    connector_type = serializers.CharField(help_text="Empty: unknown")
    power_kw = serializers.FloatField(allow_null=True, help_text="null: unknown")
    price = serializers.DecimalField(
        max_digits=20,
        decimal_places=6,
        allow_null=True,
        help_text="Of a kWh now, with tax, by the tariff of the place; null: there is none",
    )
    currency = serializers.CharField(allow_null=True, help_text="ISO 4217")
    available = serializers.IntegerField(help_text="Free now")
    available_ids = serializers.ListField(
        child=serializers.IntegerField(), help_text="`id` of the free ones, ascending"
    )
    total = serializers.IntegerField()
    available_connectors = FreeConnector(many=True)


class MapSite(CamelCase):
    """A site with its connectors that suit, in groups."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    postal_code = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166, such as DE; empty: unknown")
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    time_zone = serializers.CharField()
    opening_hours = OpeningHoursSerializer(
        allow_null=True, help_text="As OCPI 2.2.1 Hours; null: nobody said"
    )
    is_open = serializers.BooleanField(allow_null=True, help_text="Now; null: nobody said")
    available = serializers.IntegerField(help_text="Free now, in all groups")
    total = serializers.IntegerField(help_text="In all groups")
    groups = ConnectorGroup(many=True)


def _parameter(name: str, kind: Any, description: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=description, **more)


_TYPES = "Names of connector types with commas between: `Type 1`, `Type 2`, `Tesla`, `CCS1`, \
`CCS2`, `CHAdeMO` or whatever operators call theirs; letter case does not matter. None: all"
FILTER = [
    _parameter(
        "connectorTypes",
        str,
        _TYPES,
        examples=[OpenApiExample("Two types", value="Type 2,CCS2")],
    ),
    _parameter("minPrice", float, "Of a kWh, with tax, inclusive; 0 is no bound"),
    _parameter("maxPrice", float, "Inclusive; 1000 is no bound"),
    _parameter("minPower", float, "In kW, inclusive; 0 is no bound"),
    _parameter("maxPower", float, "In kW, inclusive; 1000 is no bound"),
    _parameter("freeOnly", bool, "`true`: nothing where nothing is free"),
]
BOX = _parameter(
    "bbox",
    str,
    "`west,south,east,north` in degrees; west beyond east: across the antimeridian",
    examples=[
        OpenApiExample("Germany", value="5.9,47.3,15.0,55.1"),
        OpenApiExample("Across the antimeridian", value="170,-30,-170,0"),
    ],
)
MARKERS = OpenApiExample(
    "Two of three are free",
    value={
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": 93,
                "geometry": {"type": "Point", "coordinates": [13.405, 52.52]},
                "properties": {"siteId": 93, "name": "Harbour", "available": 2, "total": 3},
            }
        ],
        "truncated": False,
    },
    response_only=True,
)
SITE = OpenApiExample(
    "One of two is free",
    value={
        "id": 93,
        "name": "Harbour",
        "address": "Kai 1",
        "city": "Berlin",
        "postalCode": "10115",
        "country": "DE",
        "latitude": 52.52,
        "longitude": 13.405,
        "timeZone": "Europe/Berlin",
        "openingHours": None,
        "isOpen": None,
        "available": 1,
        "total": 2,
        "groups": [
            {
                "connectorType": "CCS2",
                "powerKw": 150.0,
                "price": "0.60",
                "currency": "EUR",
                "available": 1,
                "availableIds": [12],
                "total": 2,
                "availableConnectors": [{"id": 12, "chargePointId": "CP_001", "connectorId": 1}],
            }
        ],
    },
    response_only=True,
)
