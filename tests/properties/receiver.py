"""The gateway without its sockets: messages in, rows out, and whether those are what happened."""

from __future__ import annotations

from datetime import UTC, timedelta

from ocpp_gateway import dispatch
from ocpp_gateway.dispatch import Alone, Inbound, Payload, Shared
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.v16 import CALLS
from stations.models import ChargingSession, ChargingStation, ReviewCase
from stations.services import reservations, unplaced
from tests.properties import oracle
from tests.properties.carrier import Message
from tests.properties.histories import CARDS, History, moment
from tests.stations import given as told


class Receiver:
    """A station as the server knows it; ``mark`` tells its cards from those of others."""

    def __init__(self, history: History, mark: str = "") -> None:
        self.history, self.mark = history, mark
        self.station: ChargingStation = told.a_station(f"CP{mark}")
        for tag, standing in CARDS.items():
            if standing != "Invalid":
                told.a_card(f"{tag}{mark}", status=standing)
        self.numbers: dict[int | None, int] = {}
        self.now = moment(0)
        self.stops: set[tuple[object, int]] = set()
        for charge in history.charges:
            if charge.reservation is not None:
                told.report(self.station, "Available", connector=charge.connector, minute=-1)
                kept = reservations.record_own(
                    station_id=self.station.pk,
                    connector_id=charge.connector,
                    id_tag=f"{charge.tag}{mark}",
                    expires_at=moment(charge.began + 1),
                    number=charge.reservation,
                    at=moment(0),
                )
                assert kept == "Accepted"

    def hear(self, message: Message) -> None:
        """Serve one message, and see that what was acknowledged is there."""
        self.now = max(self.now, moment(message.second)) + timedelta(seconds=1)
        payload = dict(message.payload)
        if "idTag" in payload:
            payload["idTag"] += self.mark
        if message.action != "StartTransaction" and message.charge is not None:
            known = message.number is None
            payload["transactionId"] = self.numbers[message.charge] if known else message.number
        answer = self._serve(message.action, payload)
        if message.action == "StartTransaction":
            number = answer["transactionId"]
            assert self.numbers.setdefault(message.charge, number) == number
        if message.action == "StopTransaction":
            self.stops.add((moment(message.second), payload["meterStop"]))
            kept = ChargingSession.objects.filter(station=self.station, stopped_at__isnull=False)
            assert {*self.stops} <= set(kept.values_list("stopped_at", "meter_stop_wh"))

    def look_around(self) -> None:
        """What is done periodically."""
        unplaced.notice_unplaced(at=self.now)
        reservations.expire_due(at=self.now)

    def _serve(self, action: str, payload: Payload) -> Payload:
        found = dispatch.route(CALLS, Call("1", action, payload))
        assert not isinstance(found, CallError), found
        route, checked = found
        inbound = Inbound(self.station.pk, self.station.cp_id, UTC, checked, self.now)
        if isinstance(route, Alone):
            return route.answer(inbound)
        assert isinstance(route, Shared)
        route.store(route.translate(inbound), inbound.at)
        return {}

    def check(self) -> None:
        """The stored equals what happened, and only what has no stop waits for review."""
        number = self.station.pk
        happened = oracle.expected(self.history)
        assert [one.unmarked(self.mark) for one in oracle.stored(number)] == happened
        oracle.check_rest(self.history, number)
        oracle.check_reservations(self.history, number)
        waiting = ReviewCase.objects.filter(state="Open", station=number)
        waiting = waiting.exclude(kind="UnknownCard")
        without = ["NoStop" for one in happened if one.reasons]
        assert sorted(waiting.values_list("reason", flat=True)) == without
