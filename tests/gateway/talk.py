"""A station's frames and our answers without a socket: decoded, routed, stored and answered."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from cms.shared.errors import DomainError
from ocpp_gateway import dialects, dispatch, tolerances
from ocpp_gateway.dispatch import Alone, AtOnce, Inbound, Payload, Refusal, Route
from ocpp_gateway.frames import CallError, Malformed
from ocpp_gateway.rpc import CallReceived, Conversation, Replayed
from stations.models import ChargingStation

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


class Talk:
    """One socket of a station. ``tolerated`` is what was counted, by kind."""

    def __init__(self, station: ChargingStation, at: datetime = NOON) -> None:
        self.station, self.at = station, at
        self.tolerated: dict[str, str] = {}
        self._conversation = Conversation()
        self._calls = dialects.calls("ocpp1.6")
        self._ids = itertools.count(1)
        self.learn()

    def learn(self) -> None:
        """What is known of its model, as its socket would learn it."""
        self._model = tolerances.of(self.station)

    def hear(self, text: str) -> Any:
        """Our answer to a frame, as JSON; None where nothing is answered."""
        event = self._conversation.receive(text)
        if isinstance(event, Replayed):
            return json.loads(event.text)
        if isinstance(event, Malformed):
            error = CallError(event.unique_id, "FormationViolation", event.description)
            return json.loads(self._conversation.refuse(error))
        return json.loads(self._answer(event)) if isinstance(event, CallReceived) else None

    def ask(self, action: str, payload: Any = None) -> Any:
        """The answer to a call: its payload, or the code of its error."""
        frame = [2, f"call-{next(self._ids)}", action, {} if payload is None else payload]
        return self.hear(json.dumps(frame))[2]

    def status(self, **more: Any) -> Any:
        """A StatusNotification of connector 1."""
        usual = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
        return self.ask("StatusNotification", usual | more)

    def start(self, **more: Any) -> int:
        """A StartTransaction; gives its number."""
        usual = {"connectorId": 1, "idTag": "CARD-1", "meterStart": 1000}
        at = {"timestamp": "2025-03-01T12:00:00Z"}
        return int(self.ask("StartTransaction", usual | at | more)["transactionId"])

    def stop(self, number: int, **more: Any) -> Any:
        """A StopTransaction."""
        usual = {"meterStop": 9000, "timestamp": "2025-03-01T13:00:00Z"}
        return self.ask("StopTransaction", {"transactionId": number} | usual | more)

    def meter(self, *samples: Any, number: int | None = None, **more: Any) -> Any:
        """MeterValues of one moment."""
        element = {"timestamp": "2025-03-01T12:10:00Z", "sampledValue": list(samples)}
        payload: dict[str, Any] = {"connectorId": 1, "meterValue": [element]}
        if number is not None:
            payload["transactionId"] = number
        return self.ask("MeterValues", payload | more)

    def _note(self, kind: str, detail: str = "") -> None:
        self.tolerated[kind] = detail

    def _answer(self, event: CallReceived) -> str:
        call = event.call
        found = dispatch.route(self._calls, call, self._note)
        if isinstance(found, CallError):
            return self._conversation.refuse(found)
        route, payload = found
        inbound = Inbound(
            *(self.station.pk, self.station.cp_id, self._model.zone, payload, self.at),
            *(self._model, self._note),
        )
        answer = self._performed(route, inbound)
        if isinstance(answer, Refusal):
            error = CallError(call.unique_id, answer.code, answer.description)
            return self._conversation.refuse(error)
        return self._conversation.answer(call.unique_id, answer)

    def _performed(self, route: Route, inbound: Inbound) -> Payload | Refusal:
        """The answer, or what the station did wrong; our own faults come through."""
        try:
            if isinstance(route, AtOnce | Alone):
                return route.answer(inbound)
            route.store(route.translate(inbound), self.at)
            return {}
        except (Refusal, DomainError) as error:
            return dispatch.refusal(error, "", self.station.cp_id)
