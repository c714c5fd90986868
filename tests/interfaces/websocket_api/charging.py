"""What a station and an app do together."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.processes import eventually


def moment():
    """Now, as stations write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def start_of(station, tag="USER_123"):
    return {"chargePointId": station.cp_id, "connectorId": 1, "idTag": tag, "userId": "ann"}


def wait_for(station, action):
    """The payload of the last command of that name."""
    assert eventually(lambda: any(one.action == action for one in station.asked))
    return [one for one in station.asked if one.action == action][-1].payload


def charging(station, app, tag="USER_123"):
    """A session under way, begun by the app; gives its number."""
    app.say("start_charging_request", start_of(station, tag), "msg-002")
    assert wait_for(station, "RemoteStartTransaction") == {"connectorId": 1, "idTag": tag}
    begun = {
        "connectorId": 1,
        "idTag": tag,
        "meterStart": 1000,
        "timestamp": moment(),
    }
    number = station.call("StartTransaction", begun)["transactionId"]
    answer = app.hear("start_charging_response")
    assert answer["data"]["transactionId"] == number, answer
    return number


def end(station, number):
    station.call(
        "StopTransaction",
        {"transactionId": number, "meterStop": 16000, "timestamp": moment()},
    )
