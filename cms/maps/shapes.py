"""How maps are written in JSON, the same over REST and on the socket: GeoJSON, sites in groups."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson

from cms.maps.markers import Marker
from cms.maps.sites import Group, SiteDetails
from stations.api.station_json import SiteSerializer


def feature(marker: Marker) -> dict[str, Any]:
    """A Feature of GeoJSON (RFC 7946): a point, and how many connectors suit there."""
    return {
        "type": "Feature",
        "id": marker.site_id,
        "geometry": {"type": "Point", "coordinates": [marker.longitude, marker.latitude]},
        "properties": {
            "siteId": marker.site_id,
            "name": marker.name,
            "available": marker.available,
            "total": marker.total,
        },
    }


@lru_cache(maxsize=20_000)
def written(marker: Marker) -> orjson.Fragment:
    """The same as JSON, made once for all who are told of it."""
    return orjson.Fragment(orjson.dumps(feature(marker)))


def collection(markers: Iterable[Marker], *, is_cut: bool) -> dict[str, Any]:
    """A FeatureCollection; ``is_cut``: there are more sites than one map has."""
    features = [feature(marker) for marker in markers]
    return {"type": "FeatureCollection", "features": features, "truncated": is_cut}


def site(details: SiteDetails) -> dict[str, Any]:
    """A site, and its connectors in groups."""
    return {
        **SiteSerializer(details.site).data,
        "isOpen": details.is_open,
        "available": details.available,
        "total": details.total,
        "groups": [_group(one) for one in details.groups],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "connectorType": group.connector_type,
        "powerKw": group.power_kw,
        "price": None if group.price is None else str(group.price),
        "currency": group.currency,
        "available": group.available,
        "availableIds": group.available_ids,
        "total": group.total,
        "availableConnectors": [
            {"id": one.connector, "chargePointId": one.cp_id, "connectorId": one.number}
            for one in group.free
        ],
    }
