"""Every documented call of the OCPP WebSocket Service, against a running server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from tests.processes import manage
from tests.stack.station import PlainStation


def charger(answer):
    """The charger in an answer that says it was done."""
    assert answer.status == 200, answer
    assert answer.body["success"] is True
    return answer.body["charger"]


def age(moment: str) -> float:
    """How many seconds ago it was."""
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()


def test_a_charger_connects_elsewhere(gateway):
    assert gateway.by_device("DEV9").status == 404
    made = charger(gateway.ensure(deviceId="DEV9"))
    assert {made[name] for name in ("vendor", "model", "serialNumber", "firmwareVersion")} == {
        "Unknown"
    }
    assert (made["name"], made["connectorCount"]) == ("DEV9", 0)
    assert charger(gateway.status("DEV9", "online"))["status"] == "Available"
    assert age(charger(gateway.last_seen("DEV9"))["lastSeen"]) < 60
    known = charger(gateway.by_device("DEV9"))
    assert (known["id"], known["status"]) == (made["id"], "Available")


def test_what_it_says_of_itself_comes_bit_by_bit(gateway):
    first = charger(gateway.ensure(deviceId="D1", vendor="ABB"))
    second = charger(gateway.ensure(deviceId="D1", model="Terra", connectorCount=2, oddity=1))
    assert first["id"] == second["id"]
    assert (second["vendor"], second["model"], second["connectorCount"]) == ("ABB", "Terra", 2)
    refused = gateway.ensure(vendor="ABB")
    assert (refused.status, refused.body) == (
        400,
        {"success": False, "error": "deviceId is required"},
    )


def test_twenty_at_once_are_one_charger(gateway):
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: gateway.ensure(deviceId="D20", vendor="ABB"), range(20)))
    assert len({charger(answer)["id"] for answer in made}) == 1


def test_every_word_for_a_status(gateway):
    gateway.ensure(deviceId="D2")
    words = {"online": "Available", "offline": "Unavailable", "disconnected": "Unavailable"}
    words |= {word: word for word in ("Available", "Charging", "Occupied", "Unavailable")}
    for word, shown in words.items():
        assert charger(gateway.status("D2", word))["status"] == shown
    refused = gateway.status("D2", "Foo")
    why = "Invalid status. Must be one of: Available, Charging, Occupied, Unavailable"
    assert (refused.status, refused.body) == (400, {"success": False, "error": why})
    missing = gateway.call("PATCH", "/api/charger/D2/status", {})
    assert (missing.status, missing.body["error"]) == (400, "status is required")


def test_what_nobody_knows(gateway):
    unknown = {"success": False, "error": "Charger not found"}
    for answer in (
        gateway.by_device("NOBODY"),
        gateway.status("NOBODY", "online"),
        gateway.last_seen("NOBODY"),
        gateway.store("NOBODY", message="Heartbeat"),
    ):
        assert (answer.status, answer.body) == (404, unknown)
    assert gateway.active_sessions("NOBODY").body == {"success": True, "sessions": []}
    stopped = gateway.stop("999999999", status="stopped")
    assert (stopped.status, stopped.body) == (404, {"success": False, "error": "Session not found"})


def test_a_prepaid_session_is_stopped_and_refunded_once(gateway, prepaid, server):
    gateway.ensure(deviceId="D3", connectorCount=1)
    gateway.status("D3", "online")
    facts = prepaid("D3")
    [active] = gateway.active_sessions("D3").body["sessions"]
    assert active["sessionId"] == str(facts["session"])
    assert (active["amountDeducted"], active["customerId"]) == (200.0, facts["customer"])
    assert active["chargingPoint"]["tariff"] == {"baseCharges": 10.0, "tax": 18.0}
    figures = {
        "status": "stopped",
        "energyConsumed": 5,
        "finalAmount": 59,
        "refundAmount": 141,
        "meterStart": 1000,
        "meterEnd": 6000,
        "endTime": datetime.now(UTC).isoformat(),
        "stopReason": "Disconnected",
    }
    for _ in range(2):
        stopped = gateway.stop(active["sessionId"], **figures)
        assert (stopped.status, stopped.body["success"]) == (200, True)
        session = stopped.body["session"]
        assert (session["status"], session["meterEnd"]) == ("stopped", 6000)
        assert session["energyConsumed"] == 5.0
    assert gateway.active_sessions("D3").body["sessions"] == []
    refund = {
        "customerId": str(facts["customer"]),
        "refundAmount": 141,
        "sessionId": active["sessionId"],
        "energyConsumed": 5,
        "finalAmount": 59,
        "amountDeducted": 200,
        "description": "Unused",
    }
    for _ in range(2):
        refunded = gateway.refund(**refund)
        assert refunded.status == 200, refunded
        transaction = refunded.body["transaction"]
        assert transaction["balanceAfter"] == facts["balance"] + 141
        assert (transaction["transactionType"], transaction["status"]) == ("refund", "completed")
        assert transaction["referenceId"] == active["sessionId"]
    assert gateway.refund(**{**refund, "refundAmount": 201}).status == 400
    assert gateway.refund(**{**refund, "customerId": "nobody"}).status == 404
    assert "Proved" in manage(server.environment, "verify_ledger")


def test_messages_are_stored_once(gateway):
    gateway.ensure(deviceId="D4")
    data = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    frame = {
        "type": "OCPP",
        "message": "StatusNotification",
        "messageId": "m1",
        "connectorId": 1,
        "messageData": data,
        "raw": [2, "m1", "StatusNotification", data],
        "direction": "Incoming",
        "timestamp": datetime.now(UTC).isoformat(),
    }
    stored = gateway.store("D4", **frame)
    assert stored.body == {"success": True, "message": "OCPP message stored successfully"}
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda _: gateway.store("D4", **frame), range(8)))
    assert {answer.status for answer in again} == {200}
    assert all("duplicate" in answer.body["message"] for answer in again)


def test_a_charger_that_connects_here_is_ours(gateway, server):
    gateway.ensure(deviceId="D5")
    gateway.status("D5", "online")
    with PlainStation(server.ws, "D5") as station:
        for word in ("offline", "disconnected", "online"):
            assert charger(gateway.status("D5", word))["status"] == "Available"
        assert station.call("Heartbeat")["currentTime"]


def test_without_its_key_nothing_is_told(server, gateway):
    stranger = type(gateway)(server.http, "abcd1234.wrong")
    answer = stranger.by_device("DEV9")
    assert (answer.status, answer.body["success"]) == (401, False)
