"""A site with its stations and connectors in one mutation: made, changed, priced, refused."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from auditlog.models import LogEntry

from billing.models import Tariff, TariffAssignment
from stations.models import ChargingStation, Connector, Site
from tests.graphql.asked import administrator, app_of, data, operator, program, refusal, stranger
from tests.graphql.documents import CREATE_SITE
from tests.maps.given import a_driver

pytestmark = pytest.mark.django_db
WHOLE = CREATE_SITE.replace(
    "siteId", "siteId chargePoints { id chargePointHardwareId connectors { id connectorId } }"
)
OPERATOR = (
    *("add_site", "change_site", "add_chargingstation", "change_chargingstation"),
    "change_connector",
)
# The variables of the README, without the ids of rows that its own database had
README: dict[str, Any] = {
    "name": "Site Name",
    "site": "Site",
    "site_area": "site_area",
    "information": "Information",
    "zip_code": 100000,
    "phone_number": "+7923923923",
    "default_price": 0.25,
    "instant_power": 100,
    "chargepoints": [
        {
            "chargePointHardwareId": "15",
            "chargePointName": "chargePoint #1",
            "instantPower": 100,
            "power": 100,
            "siteId": "1",
            "connectors": [
                {
                    "label": "Type 1",
                    "chargePointHardwareId": "10",
                    "connectorTypeName": "Type 1",
                    "connectorTypeId": "1",
                    "power": 100,
                    "maxPower": 220,
                    "price": 0.25,
                    "priceUnit": 0.2,
                    "chargePointId": 10,
                    "siteId": 1,
                }
            ],
        },
        {
            "chargePointHardwareId": "16",
            "chargePointName": "chargePoint #1",
            "instantPower": 100,
            "power": 100,
            "siteId": "1",
        },
    ],
}


def put(client: Any, query: str = CREATE_SITE, **data_: Any) -> Any:
    return data(client, query, input={"data": data_})


def rows() -> tuple[int, int, int]:
    """How many sites, stations and connectors there are."""
    return Site.objects.count(), ChargingStation.objects.count(), Connector.objects.count()


def test_the_readme_s_site_is_there_with_two_stations_a_connector_and_its_price():
    made = put(administrator(), **README)
    site = Site.objects.get(pk=made["siteId"])
    assert (site.name, site.address, site.city, site.postal_code) == (
        "Site Name",
        "Site",
        "site_area",
        "100000",
    )
    stations = ChargingStation.objects.filter(site=site).order_by("cp_id")
    assert [(each.cp_id, each.name) for each in stations] == [
        ("15", "chargePoint #1"),
        ("16", "chargePoint #1"),
    ]
    connector = Connector.objects.get()
    assert (connector.station, connector.connector_id) == (stations[0], 1)
    assert (connector.connector_type, connector.max_power_w) == ("Type 1", 100_000)
    assigned = {each.level: each.tariff for each in TariffAssignment.objects.all()}
    assert assigned.keys() == {"site", "connector"}
    assert assigned["site"] == assigned["connector"]
    terms = assigned["site"].versions.get().terms
    assert Decimal(terms["components"][0]["price"]) == Decimal("0.25")


def test_it_is_on_the_map_with_its_price():
    ann, place = app_of(a_driver()), {"type": "Point", "coordinates": [9.99, 53.54]}
    made = put(administrator(), **README, location=place)
    ChargingStation.objects.update(online=True)
    Connector.objects.update(status="Available")
    query = "{ getFilteredMarkers(input: {maxPrice: 0.3}) { siteid location available } }"
    assert data(ann, query) == [
        {"siteid": made["siteId"], "location": place, "available": 1},
    ]


def changed() -> tuple[dict[str, Any], dict[str, Any]]:
    """What was made, and the same described again with ids and other values."""
    made = put(administrator(), WHOLE, **README)
    again = copy.deepcopy(README)
    again |= {"id": made["siteId"], "name": "Other"}
    point = made["chargePoints"][0]
    again["chargepoints"] = [
        {
            "id": str(point["id"]),
            "chargePointHardwareId": "15",
            "chargePointName": "Left",
            "connectors": [{"id": point["connectors"][0]["id"], "power": "50", "price": "0.30"}],
        }
    ]
    return made, again


def test_what_has_an_id_is_changed_and_nothing_is_made():
    made, again = changed()
    before = rows()
    assert put(administrator("two"), **again) == {"siteId": made["siteId"]}
    assert rows() == before
    assert Site.objects.get().name == "Other"
    assert ChargingStation.objects.get(cp_id="15").name == "Left"
    connector = Connector.objects.get()
    assert (connector.connector_type, connector.max_power_w) == ("Type 1", 50_000)
    assert TariffAssignment.objects.get(connector=connector).tariff.name == "0.3 EUR/kWh"


def test_a_connector_without_id_is_the_one_with_the_number():
    _, again = changed()
    again["chargepoints"][0]["connectors"] = [{"power": 11}, {"connectorId": 5, "power": 22}]
    put(administrator("two"), **again)
    found = Connector.objects.order_by("connector_id").values_list("connector_id", "max_power_w")
    assert list(found) == [(1, 11_000), (5, 22_000)]


def test_a_price_is_one_tariff_however_often_it_is_said():
    made = put(administrator(), **README)
    put(administrator("two"), id=made["siteId"], default_price="0.250")
    assert Tariff.objects.count() == 1


def test_a_tariff_that_somebody_changed_is_left_alone():
    made = put(administrator(), **README)
    tariff = Tariff.objects.get()
    version = tariff.versions.get()
    other = {**version.terms, "components": [{"kind": "energy", "price": "0.50"}]}
    tariff.versions.create(
        number=2, terms=other, valid_from=version.valid_from, published_at=version.published_at
    )
    put(administrator("two"), id=made["siteId"], default_price=0.25)
    assert TariffAssignment.objects.get(site=made["siteId"]).tariff.name == "0.25 EUR/kWh (2)"


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"name": "A", "id": 10**9}, "NOT_FOUND", "input.data.id"),
        ({"name": "A", "id": "x"}, "BAD_USER_INPUT", "input.data.id"),
        ({}, "BAD_USER_INPUT", "input.data.name"),
        ({"name": "A" * 101}, "BAD_USER_INPUT", "input.data.name"),
        ({"name": "A", "site": "B" * 201}, "BAD_USER_INPUT", "input.data.site"),
        ({"name": "A", "default_price": "cheap"}, "BAD_USER_INPUT", "input.data.default_price"),
        ({"name": "A", "default_price": -1}, "BAD_USER_INPUT", "input.data.default_price"),
        ({"name": "A", "default_price": True}, "BAD_USER_INPUT", "input.data.default_price"),
        ({"name": "A", "location": "here"}, "BAD_USER_INPUT", "input.data.location"),
        (
            {"name": "A", "location": {"type": "Point", "coordinates": [1, 91]}},
            "BAD_USER_INPUT",
            "input.data.location",
        ),
        ({"name": "A", "chargepoints": {}}, "BAD_USER_INPUT", "input.data.chargepoints"),
        ({"name": "A", "chargepoints": [1]}, "BAD_USER_INPUT", "input.data.chargepoints.0"),
        (
            {"name": "A", "chargepoints": [{}]},
            "BAD_USER_INPUT",
            "input.data.chargepoints.0.chargePointHardwareId",
        ),
        (
            {"name": "A", "chargepoints": [{"chargePointHardwareId": "a/b"}]},
            "BAD_USER_INPUT",
            "input.data.chargepoints.0.chargePointHardwareId",
        ),
        (
            {"name": "A", "chargepoints": [{"id": 10**9}]},
            "NOT_FOUND",
            "input.data.chargepoints.0.id",
        ),
        (
            {
                "name": "A",
                "chargepoints": [{"chargePointHardwareId": "1", "connectors": [{"id": 10**9}]}],
            },
            "NOT_FOUND",
            "input.data.chargepoints.0.connectors.0.id",
        ),
        (
            {
                "name": "A",
                "chargepoints": [{"chargePointHardwareId": "1", "connectors": [{"power": 10**9}]}],
            },
            "BAD_USER_INPUT",
            "input.data.chargepoints.0.connectors.0.power",
        ),
    ],
)
def test_what_cannot_be_names_its_place_and_nothing_is_made(said, code, field):
    assert (code, [field]) == _refused(administrator(), said)
    assert rows() == (0, 0, 0)


def _refused(client: Any, said: dict[str, Any]) -> tuple[str, list[str]]:
    code, fields = refusal(client, CREATE_SITE, input={"data": said})
    return code, list(fields or {})


def test_a_name_or_an_identity_that_is_taken_is_a_conflict():
    put(administrator(), **README)
    before = rows()
    assert _refused(administrator("b"), README) == ("CONFLICT", ["input.data.name"])
    other = {**README, "name": "Other"}
    field = "input.data.chargepoints.0.chargePointHardwareId"
    assert _refused(administrator("c"), other) == ("CONFLICT", [field])
    assert rows() == before


def test_the_identity_of_a_station_stays():
    _, again = changed()
    again["chargepoints"][0]["chargePointHardwareId"] = "17"
    field = "input.data.chargepoints.0.chargePointHardwareId"
    assert _refused(administrator("b"), again) == ("BAD_USER_INPUT", [field])


def test_it_needs_a_login_and_the_permissions_of_all_that_is_written():
    unpriced = {"name": "A", "chargepoints": [{"chargePointHardwareId": "1", "connectors": [{}]}]}
    assert _refused(stranger(), README)[0] == "UNAUTHENTICATED"
    assert _refused(app_of(a_driver()), README)[0] == "FORBIDDEN"
    assert _refused(program("read"), README)[0] == "FORBIDDEN"
    assert _refused(operator("add_site", name="a"), unpriced)[0] == "FORBIDDEN"
    assert _refused(operator(*OPERATOR, name="b"), README)[0] == "FORBIDDEN"
    assert rows() == (0, 0, 0)
    assert put(operator(*OPERATOR, name="c"), **unpriced)
    assert put(program("write", name="d"), **README)


def test_who_may_only_add_sites_changes_none_by_whatever_name_it_is_numbered():
    site = Site.objects.create(name="Theirs")
    adds = operator("add_site", name="a")
    for said in ({"id": site.pk}, {"siteId": site.pk}, {"id": None, "siteId": site.pk}):
        assert _refused(adds, {**said, "name": "Mine"})[0] == "FORBIDDEN"
    assert Site.objects.get().name == "Theirs"


def test_who_works_for_a_site_changes_that_one_only():
    theirs, other = (Site.objects.create(name=name) for name in ("Theirs", "Other"))
    far = ChargingStation.objects.create(cp_id="FAR", site=other)
    there = operator(*OPERATOR, site=theirs)
    assert put(there, id=theirs.pk, site_area="Town") == {"siteId": theirs.pk}
    assert _refused(there, {"id": other.pk, "name": "Mine"})[0] == "NOT_FOUND"
    assert _refused(there, {"name": "New"})[0] == "FORBIDDEN"
    stolen = {"id": theirs.pk, "chargepoints": [{"id": far.pk}]}
    assert _refused(there, stolen)[0] == "NOT_FOUND"
    far.refresh_from_db()
    assert far.site == other


def test_the_audit_trail_says_who_it_was():
    put(operator(*OPERATOR, name="olga"), name="A", chargepoints=[{"chargePointHardwareId": "1"}])
    entries = LogEntry.objects.get_for_model(Site)
    assert [entry.actor.username for entry in entries] == ["olga"]
