"""The PyPI package ``ocpp`` as a charge point that answers every command of the story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp.charge_point import camel_to_snake_case
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action
from websockets.asyncio.client import ClientConnection

from tests.conformance.judge import Judge
from tests.conformance.story import ANSWERS


class Judged:
    """A connection whose every frame the judge sees."""

    def __init__(self, connection: ClientConnection, judge: Judge) -> None:
        self._connection, self._judge = connection, judge

    async def recv(self) -> str:
        """The next frame of the system."""
        text = await self._connection.recv(decode=True)
        self._judge.received(text)
        return text

    async def send(self, text: str) -> None:
        """A frame of the station."""
        self._judge.sent(text)
        await self._connection.send(text)


def _answering(action: Action) -> Callable[..., Any]:
    def answer(self: Any, **payload: Any) -> Any:
        made = camel_to_snake_case(ANSWERS[action.value])
        return getattr(call_result, action.value)(**made)

    answer.__name__ = _handler(action.value)  # by which the package finds it
    handler: Callable[..., Any] = on(action)(answer)
    return handler


def _handler(action: str) -> str:
    return f"answer_{action}"


Station = type(
    "Station", (ChargePoint,), {_handler(name): _answering(Action(name)) for name in ANSWERS}
)
