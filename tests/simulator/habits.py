"""What the firmware of some models makes of a session: ids never learnt, things said again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

from tests.simulator.messages import Message, Payload, Transaction

KINDS = ("offline-start", "stop-data", "start-again", "stop-again")
RATES = {"offline-start": 0.10, "stop-data": 0.30, "start-again": 0.08, "stop-again": 0.08}
_ONLY_IN_THE_STOP = 0.3  # of the samples a stop has in its transactionData
# What chargers send where they never learnt the id (Delta, Etrel, EVerest).
_NAMELESS = (-1, 0)


class Habits:
    """Decides at the start of each session how its messages will be.

    offline-start: the line is dead when it starts, and what follows never names its id.
    stop-data: the stop repeats the samples, and some are nowhere else. start-again: the start is
    repeated after the stop. stop-again: so is the stop, as if its id were forgotten meanwhile.
    """

    def __init__(
        self,
        kinds: Iterable[str],
        rates: dict[str, float],
        rng: random.Random,
        counts: Counter[str],
    ):
        self._rates = {kind: rates[kind] for kind in kinds if kind in KINDS}
        self._rng, self._counts = rng, counts
        self._data: dict[Transaction, list[Payload]] = {}
        self._starts: dict[Transaction, Message] = {}

    def keeps(self, message: Message) -> bool:
        """Look at a message of the station and change it; False where it is not sent at all."""
        transaction = message.transaction
        if transaction is None:
            return True
        if message.action == "StartTransaction":
            self._begin(message, transaction)
        elif message.action == "StopTransaction":
            message.payload = self._with_data(message.payload, transaction)
        elif transaction in self._data:
            self._data[transaction] += message.payload["meterValue"]
            return not self._drops_sample()
        return True

    def said_again(self, message: Message) -> list[Message]:
        """What is repeated after ``message`` has been said."""
        transaction = message.transaction
        if transaction is None or message.action != "StopTransaction":
            return []
        again = []
        if transaction in self._starts:
            again.append(self._starts.pop(transaction).again())
            self._counts["start-again"] += 1
        if transaction.known_as is None and self._lucky("stop-again"):
            copy = message.again()
            copy.known_as = self._rng.choice(_NAMELESS)
            again.append(copy)
            self._counts["stop-again"] += 1
        return again

    def _begin(self, start: Message, transaction: Transaction) -> None:
        if self._lucky("offline-start"):
            start.fault = "cut-before"
            transaction.known_as = self._rng.choice(_NAMELESS)
            self._counts["offline-start"] += 1
        if self._lucky("stop-data"):
            self._data[transaction] = []
            self._counts["stop-data"] += 1
        if self._lucky("start-again"):
            self._starts[transaction] = start

    def _with_data(self, payload: Payload, transaction: Transaction) -> Payload:
        data = [*self._data.pop(transaction, []), *payload.get("transactionData", ())]
        return {**payload, "transactionData": data} if data else payload

    def _drops_sample(self) -> bool:
        dropped = self._rng.random() < _ONLY_IN_THE_STOP
        self._counts["only-in-the-stop"] += dropped
        return dropped

    def _lucky(self, kind: str) -> bool:
        return kind in self._rates and self._rng.random() < self._rates[kind]
