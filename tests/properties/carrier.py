"""What becomes of a history on its way: late, doubled, interleaved, under another number.

A message that is lost comes later, as stations retry; one whose answer is lost comes twice. What no
station does is left out: it says no number before it has heard it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.properties.histories import Charge, History, Sample, text

HOUR = 3600


@dataclass(frozen=True)
class Message:
    """One call. ``charge`` is the session it is about, ``number`` what it says instead of its
    number; ``needs`` is set where it can be said only once the number is known."""

    second: int  # when it happened
    action: str
    payload: dict[str, Any]
    charge: int | None = None
    number: int | None = None

    @property
    def needs_number(self) -> bool:
        """Whether it says the number its session was given."""
        numbered = self.action in ("StopTransaction", "MeterValues")
        return numbered and self.charge is not None and self.number is None


def element(sample: Sample) -> dict[str, Any]:
    """A meterValue element."""
    values = []
    if sample.energy_wh is not None:
        values.append({"value": str(sample.energy_wh), "unit": "Wh"})
    if sample.power_w is not None:
        power = {"measurand": "Power.Active.Import", "unit": "W"}
        values.append({"value": str(sample.power_w), **power})
    return {"timestamp": text(sample.second), "sampledValue": values}


def messages(history: History) -> Iterator[Message]:
    """What the station says of it, each once."""
    for second, connector, status in history.statuses:
        payload = {"connectorId": connector, "errorCode": "NoError", "status": status}
        yield Message(second, "StatusNotification", {**payload, "timestamp": text(second)})
    for connector, sample in history.loose:
        payload = {"connectorId": connector, "meterValue": [element(sample)]}
        yield Message(sample.second, "MeterValues", payload)
    for index, charge in enumerate(history.charges):
        yield from _of(index, charge)


def _of(index: int, charge: Charge) -> Iterator[Message]:
    start = {
        "connectorId": charge.connector,
        "idTag": charge.tag,
        "meterStart": charge.meter_start,
        "timestamp": text(charge.began),
    }
    if charge.reservation is not None:
        start["reservationId"] = charge.reservation
    yield Message(charge.began, "StartTransaction", start, index)
    for sample in charge.by_itself:
        payload = {"connectorId": charge.connector, "meterValue": [element(sample)]}
        yield Message(sample.second, "MeterValues", payload, index, charge.number)
    if charge.end is None:
        return
    stop: dict[str, Any] = {"meterStop": charge.meter_stop, "timestamp": text(charge.end)}
    if charge.names_card:
        stop["idTag"] = charge.tag
    if charge.with_stop:
        stop["transactionData"] = [element(sample) for sample in charge.with_stop]
    yield Message(charge.end, "StopTransaction", stop, index, charge.stop_number)


late = st.sampled_from([0, 0, 0, 600, HOUR, 2 * HOUR, 6 * HOUR])


@st.composite
def arrivals(draw: Any, history: History) -> list[Message]:
    """What arrives, in its order: some of it late, or all in any order whatever."""
    coming: list[tuple[int, Message]] = []
    for message in messages(history):
        first = message.second + draw(late)
        coming.append((first, message))
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
            coming.append((first + draw(late), _again(draw, message)))
    if draw(st.booleans()):
        return in_order(draw(st.permutations([message for _, message in coming])))
    return in_order([message for _, message in sorted(coming, key=lambda one: one[0])])


def _again(draw: Any, message: Message) -> Message:
    """The message once more; by now the station may have learned the number."""
    if message.number is not None and draw(st.booleans()):
        return Message(message.second, message.action, message.payload, message.charge)
    return message


def in_order(coming: list[Message]) -> list[Message]:
    """As they arrive; what says a number waits until its start has been answered."""
    arrived: list[Message] = []
    started: set[int | None] = set()
    waiting: list[Message] = []
    for message in coming:
        if message.needs_number and message.charge not in started:
            waiting.append(message)
            continue
        arrived.append(message)
        if message.action == "StartTransaction":
            started.add(message.charge)
            arrived += [one for one in waiting if one.charge == message.charge]
            waiting = [one for one in waiting if one.charge != message.charge]
    return arrived
