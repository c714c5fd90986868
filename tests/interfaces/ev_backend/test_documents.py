"""Every query and mutation of the README, unchanged, against a running server with a station."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.graphql.documents import (
    CHARGING_HISTORIES,
    FILTERED_MARKERS,
    FILTERED_SITE,
    UPDATE_ADDRESS,
    UPDATE_USER,
    USER_CHARGING_HISTORY,
)
from tests.interfaces.ev_backend.app import asked, given
from tests.interfaces.ev_backend.conftest import PLACE, TAG
from tests.processes import eventually
from tests.stack.station import PlainStation

FILTER = {
    "connectorTypesSelected": ["Type 1", "Type 2", "Tesla", "CCS1", "CCS2", "CHAdeMO"],
    "minPrice": 0,
    "maxPrice": 100,
    "minPower": 0,
    "maxPower": 100,
}


def said(at):
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def charge(station):
    """An hour that took 10 kWh; gives its number."""
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    start = {"connectorId": 1, "idTag": TAG, "meterStart": 1000, "timestamp": said(began)}
    number = station.call("StartTransaction", start)["transactionId"]
    stop = {"transactionId": number, "meterStop": 11000}
    station.call("StopTransaction", {**stop, "timestamp": said(began + timedelta(hours=1))})
    return number


def test_the_documents_of_the_readme_run_in_its_order(server, site, ann):
    number, token = ann
    with PlainStation(server.ws, "15") as station:
        status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        station.call("StatusNotification", status)
        assert given(server, FILTERED_MARKERS, token, input=FILTER) == [
            {"siteid": site, "location": PLACE, "available": 1, "total": 1}
        ]
        [group] = given(server, FILTERED_SITE, token, input={**FILTER, "siteId": site})
        assert len(group.pop("available_ids")) == 1
        assert group == {
            "site_name": "Site Name",
            "site_address": "Site, 100000 site_area",
            "connector_type": "Type 1",
            "power": 100.0,
            "price": 0.25,
            "available": 1,
            "total": 1,
        }
        session = charge(station)

    update = {"name": "Steve Steve", "email": "steve@steve.com"}
    changed = given(server, UPDATE_USER, token, input={"id": number, "update": update})
    assert changed == {"id": number, **update}
    address = {
        **{"country": "USA", "state": "Florida", "address": "address", "unit": "unit"},
        **{"city": "city", "zip": 234234},
    }
    changed = given(server, UPDATE_ADDRESS, token, input={"id": number, "update": address})
    assert changed == {"id": number, **address}

    def history():
        wanted = {"filter": {"userId": {"eq": number}}}
        sorting = [{"field": "id", "direction": "DESC"}]
        return given(server, CHARGING_HISTORIES, token, **wanted, sorting=sorting)

    assert eventually(lambda: history()[0]["moneySpent"] == 2.5, seconds=60)
    [row] = history()
    assert (row["powerSpend"], row["connectorType"]) == (10.0, "Type 1")
    page = {"paging": {"limit": 10, "offset": 0}}
    mine = given(server, USER_CHARGING_HISTORY, token, input=page)
    assert mine["count"] == 1
    assert mine["data"][0]["id"] == session
    assert mine["data"][0]["userId"] == number


def test_a_stranger_is_unauthorized(server, site):
    answer = asked(server, FILTERED_MARKERS, input=FILTER)
    assert answer["errors"][0]["message"] == "Unauthorized"
    answer = asked(server, FILTERED_MARKERS, "no.such.token", input=FILTER)
    assert answer["errors"][0]["message"] == "Unauthorized"
