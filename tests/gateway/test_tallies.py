"""What is tolerated of a station is counted where it happens, and written in bulk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ocpp_gateway import dialects, dispatch, quirks, rpc, tallies, validation
from ocpp_gateway.dispatch import Inbound
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.tallies import Tallies
from ocpp_gateway.tolerances import Tolerances
from ocpp_gateway.v16 import CALLS, metering, values
from stations.models import REPAIRS
from stations.services.tallies import Tolerated

AT = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
ELEMENT = {"timestamp": "2025-03-01T12:00:00Z", "sampledValue": [{"value": "1"}]}


class Heard(list[tuple[str, str]]):
    """What was noted: each kind, and which one it was."""

    def __call__(self, kind: str, detail: str = "") -> None:
        self.append((kind, detail))

    @property
    def kinds(self) -> list[str]:
        """The kinds only."""
        return [kind for kind, _ in self]


def noted(action, payload):
    """What is tolerated in a call that is served."""
    heard = Heard()
    found = dispatch.route(CALLS, Call("1", action, payload), heard)
    assert not isinstance(found, CallError)
    return heard


def kinds(action, payload):
    return set(noted(action, payload).kinds)


def test_a_call_as_the_specification_has_it_is_not_counted():
    assert noted("BootNotification", BOOT) == []
    assert noted("MeterValues", {"connectorId": 1, "meterValue": [ELEMENT]}) == []
    assert noted("StatusNotification", STATUS | {"timestamp": "2025-03-01T12:00:00"}) == []


@pytest.mark.parametrize(
    ("action", "payload", "kind"),
    [
        ("StatusNotification", STATUS | {"info": None}, "null_members"),
        ("MeterValues", {"connectorId": 1, "meterValue": ELEMENT}, "lone_object"),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": [ELEMENT | {"sampledValue": [{"value": 5}]}]},
            "number_for_text",
        ),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": [ELEMENT | {"sampledValue": [{"unit": "Wh"}]}]},
            "unreadable_sample",
        ),
        ("DataTransfer", {"vendorId": "V", "data": {"a": 1}}, "json_for_text"),
        ("StatusNotification", STATUS | {"errorCode": "Error"}, "unknown_word"),
        ("BootNotification", BOOT | {"chargePointSerialNumber": "x" * 26}, "long_text"),
        ("StatusNotification", STATUS | {"customData": {}}, "extra_member"),
    ],
)
def test_each_repair_is_counted_by_its_name(action, payload, kind):
    assert kinds(action, payload) == {kind}
    assert kind in REPAIRS


def test_a_number_written_as_a_decimal_is_counted_where_it_had_to_be_mended():
    payload = {"transactionId": 1.5e3, "meterStop": 1000.0, "timestamp": "x", "idTag": None}
    assert {"null_members", "decimal_for_whole"} == kinds("StopTransaction", payload)


def test_it_is_said_which_word_it_was():
    assert noted("StatusNotification", STATUS | {"errorCode": "Error"}) == [
        ("unknown_word", "StatusNotification.errorCode: Error")
    ]


def test_of_a_text_over_its_length_only_the_length_is_said():
    [(_, detail)] = noted("BootNotification", BOOT | {"chargePointSerialNumber": "secret" * 9})
    assert detail == "BootNotification.chargePointSerialNumber: 54 characters"


def test_many_of_a_kind_in_one_frame_count_once():
    samples = [{"value": "1", "unit": "Hz"}] * 20
    payload = {"connectorId": 1, "meterValue": [ELEMENT | {"sampledValue": samples}]}
    assert len(noted("MeterValues", payload)) == 1


def test_what_is_refused_is_not_counted():
    heard = Heard()
    call = Call("1", "StatusNotification", {"connectorId": "x", "info": None})
    assert isinstance(dispatch.route(CALLS, call, heard), CallError)
    assert heard == []


def time_noted(text, **model):
    heard, payload = Heard(), {"timestamp": text}
    inbound = Inbound(1, "CP-1", UTC, payload, AT, Tolerances(**model), heard)
    values.moment(inbound, payload)
    return heard.kinds


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("2025-03-01T12:00:00Z", []),
        ("2025-03-01T12:00:00.123Z", []),
        ("2025-03-01T12:00:00.123456Z", []),
        ("2025-03-01T14:00:00+02:00", []),
        ("2025-03-01T12:59:00Z", []),
        ("", []),
        ("2025-03-01T12:00:00", ["naive_time"]),
        ("2025-03-01 12:00:00", ["naive_time"]),
        ("2025-03-01T14:00:00+02", ["odd_time"]),
        ("2025-03-01T12:00:00.123456789012Z", ["odd_time"]),
        ("2025-03-01 12:00:00.5Z", ["odd_time"]),
        ("1970-01-01T00:00:10Z", ["wrong_clock"]),
        ("2025-03-01T13:00:01Z", ["wrong_clock"]),
        ("9999-12-31T23:59:59", ["naive_time", "wrong_clock"]),
    ],
)
def test_times_are_counted_by_what_is_odd_about_them(text, heard):
    assert time_noted(text) == heard


def test_what_is_known_of_the_clock_of_a_model_is_counted_when_it_is_used():
    assert time_noted("2025-03-01T11:00:00Z", z_is_local=True) == ["z_is_local"]
    assert time_noted("2025-03-01T11:00:00+00:00", z_is_local=True) == []
    assert "naive_times" in time_noted("2025-03-01T11:00:00", rows={"naive_times": 5})


def test_a_unit_that_is_known_better_is_counted():
    heard = Heard()
    model = Tolerances(units={"energy_wh": "kWh", "power_w": "kW"})
    payload = {"connectorId": 1, "meterValue": [ELEMENT]}
    inbound = Inbound(1, "CP-1", UTC, payload, AT, model, heard)
    assert metering.meter_values(inbound)[0].energy_wh == 1000
    assert heard == [("energy_unit", "kWh")]


@pytest.mark.parametrize(
    ("offered", "kind"),
    [
        (["ocpp1.6"], ""),
        (["ocpp2.0.1", "ocpp1.6"], ""),
        ([], "no_subprotocol"),
        ([""], "no_subprotocol"),
        (["", "ocpp1.6"], "odd_subprotocol"),
        (["OCPP1.6"], "odd_subprotocol"),
        ([" ocpp1.6"], "odd_subprotocol"),
    ],
)
def test_an_odd_offer_of_versions_is_named(offered, kind):
    assert dialects.chosen(offered)
    assert dialects.oddity(offered) == kind
    assert not kind or kind in REPAIRS


def test_frames_that_need_no_answer_are_named():
    conversation = rpc.Conversation()
    assert conversation.receive(" ").kind == "empty_frame"
    assert conversation.receive('[3,"4711",{}]').kind == "unasked_answer"
    assert conversation.receive('[4,"4711","InternalError",""]').kind == "unasked_answer"
    assert conversation.receive("garbage").kind == ""


def written(monkeypatch, note, *, most=100, flush=True):
    """What is handed to the database after ``note`` had its way."""
    done = []
    monkeypatch.setattr(tallies, "_MOST", most)
    monkeypatch.setattr(
        tallies, "_thread", SimpleNamespace(submit=lambda _, rows, at: done.append(rows))
    )

    async def run():
        counts = Tallies()
        note(counts)
        if flush:
            counts.flush()
        counts.flush()

    asyncio.run(run())
    return done


def test_the_same_of_one_station_is_one_row(monkeypatch):
    def note(counts):
        for number in range(5):
            counts.note(7, "naive_time", f"{number}")
        counts.note(8, "naive_time", "x")
        counts.note(7, "energy_unit", "kWh", 3)

    assert written(monkeypatch, note) == [
        [
            Tolerated(7, "naive_time", 0, "4", 5),
            Tolerated(8, "naive_time", 0, "x", 1),
            Tolerated(7, "energy_unit", 3, "kWh", 1),
        ]
    ]


def test_nothing_is_written_where_nothing_was_tolerated(monkeypatch):
    assert written(monkeypatch, lambda counts: None) == []


def test_what_is_kept_in_memory_is_bounded(monkeypatch):
    def note(counts):
        for station in range(50):
            counts.note(station, "naive_time")
        counts.note(3, "naive_time")

    [rows] = written(monkeypatch, note, most=10)
    assert len(rows) == 10
    assert sum(row.times for row in rows) == 11


def test_every_repair_is_named_where_it_is_mended():
    """So that no name is left that nothing notes."""
    source = "".join(
        (tallies.__loader__.get_data(module.__file__)).decode()
        for module in (quirks, values, rpc, dialects, validation)
    )
    assert [name for name in REPAIRS if f'"{name}"' not in source] == []
