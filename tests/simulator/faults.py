"""Accidents on the way from a station to the server: seeded, and as often as asked for."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.simulator import accents, habits
from tests.simulator.accents import Accent
from tests.simulator.habits import Habits
from tests.simulator.messages import Message, Transaction

# cut-before: the line dies and the queue is replayed. cut-after: it dies right after sending.
# answer-lost: the server has answered, so it has committed, but the station never reads it.
# After these the station goes on as if nothing had been, without a BootNotification.
DROPS = ("cut-before", "cut-after", "answer-lost")
# power-lost: the station boots anew. left-open: it dials again while the old socket looks open.
_ON_THE_LINE = {"drop": DROPS, "reboot": ("power-lost",), "second-socket": ("left-open",)}
_RATES_HERE = {
    "drop": 0.02,
    "reboot": 0.005,
    "second-socket": 0.01,
    "duplicate": 0.04,
    "reorder": 0.10,
    "late-stop": 0.15,
}
KINDS = (*_RATES_HERE, *habits.KINDS, *accents.KINDS)
RATES = _RATES_HERE | habits.RATES
_ECHO_AFTER = 12  # a copy comes at once, or after up to so many messages of the station
_HOLD_FROM_A_SAMPLE = 0.3  # how soon a late stop begins to hold back the samples before it


def parse_kinds(text: str) -> tuple[str, ...]:
    """``all``, or kinds with commas between. Raises ValueError for an unknown one."""
    kinds = KINDS if text == "all" else tuple(part for part in text.split(",") if part)
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}: use all, or some of {', '.join(KINDS)}")
    return kinds


@dataclass
class _Late:
    """What is held back of one transaction until another one on the connector is at ``until``."""

    until: str
    holding: bool = False
    messages: list[Message] = field(default_factory=list)


class Disturber:
    """Stands between a station and its outbox; without ``kinds`` it passes everything on.

    Nothing is ever lost here: what is held back comes out later, at the latest by ``flush``.
    A message never overtakes the StartTransaction of its own transaction.
    """

    def __init__(
        self,
        kinds: Iterable[str] = (),
        *,
        rng: random.Random,
        counts: Counter[str] | None = None,
        rates: dict[str, float] | None = None,
    ):
        kinds, rates = [*kinds], RATES | (rates or {})
        self._rates = {kind: rates[kind] for kind in kinds if kind in _RATES_HERE}
        self._rng = rng
        self._counts: Counter[str] = Counter() if counts is None else counts
        self._accent = Accent(kinds, rng, self._counts)
        self._habits = Habits(kinds, rates, rng, self._counts)
        self._late: dict[Transaction, _Late] = {}
        self._delayed: dict[Transaction, tuple[str, Message]] = {}
        self._echoes: list[tuple[int, Message]] = []  # copies, and how many messages from now

    def pass_on(self, message: Message) -> list[Message]:
        """Take one message, give those to be queued now, in order."""
        self._accent.put_on(message)
        out = self._hold_or_pass(message) if self._habits.keeps(message) else []
        out += self._due_delayed(message)
        out += self._due_late(message)
        return self._repeat_and_cut(self._with_repeats(out)) + self._due_echoes()

    def flush(self) -> list[Message]:
        """Everything still held back, in order: the station is about to leave."""
        out = [message for _, message in self._delayed.values()]
        for late in self._late.values():
            out += late.messages
        out = self._with_repeats(out) + [message for _, message in self._echoes]
        self._delayed.clear()
        self._late.clear()
        self._echoes.clear()
        return out

    def _lucky(self, kind: str) -> bool:
        return kind in self._rates and self._rng.random() < self._rates[kind]

    def _hold_or_pass(self, message: Message) -> list[Message]:
        transaction = message.transaction
        if transaction is None:
            return [message]
        if transaction.known_as is not None:
            return [message]  # what has no name is told in its order, else nobody could file it
        if message.action == "StartTransaction":
            if self._lucky("late-stop"):
                until = self._rng.choice(("StartTransaction", "StopTransaction"))
                self._late[transaction] = _Late(until)
            return [message]
        if self._held_as_late(transaction, message):
            return []
        return [] if self._delays(transaction, message) else [message]

    def _held_as_late(self, transaction: Transaction, message: Message) -> bool:
        late = self._late.get(transaction)
        if late is None:
            return False
        if message.action == "StopTransaction":
            self._counts["late-stop"] += 1
            late.holding = True
        elif not late.holding:
            late.holding = self._rng.random() < _HOLD_FROM_A_SAMPLE
        if late.holding:
            late.messages.append(message)
        return late.holding

    def _delays(self, transaction: Transaction, message: Message) -> bool:
        """Hold a sample back until after the next one, or after the stop."""
        if message.action != "MeterValues" or transaction in self._delayed:
            return False
        if not self._lucky("reorder"):
            return False
        self._counts["reorder"] += 1
        until = self._rng.choice(("MeterValues", "StopTransaction"))
        self._delayed[transaction] = (until, message)
        return True

    def _due_delayed(self, message: Message) -> list[Message]:
        transaction = message.transaction
        if transaction is None or transaction not in self._delayed:
            return []
        until, delayed = self._delayed[transaction]
        if delayed is message or message.action not in (until, "StopTransaction"):
            return []
        del self._delayed[transaction]
        late = self._late.get(transaction)
        if late is not None and late.holding:  # its stop is held back: this comes after it
            late.messages.append(delayed)
            return []
        return [delayed]

    def _due_late(self, message: Message) -> list[Message]:
        """Let go what waited for ``message``: a later transaction on the same connector."""
        newer = message.transaction
        if newer is None:
            return []
        out: list[Message] = []
        for older, late in list(self._late.items()):
            same_place = older is not newer and older.connector_id == newer.connector_id
            if same_place and late.messages and message.action == late.until:
                out += late.messages
                del self._late[older]
        return out

    def _repeat_and_cut(self, messages: list[Message]) -> list[Message]:
        out: list[Message] = []
        for message in messages:
            out.append(message)
            if message.transaction is not None and self._lucky("duplicate"):
                self._duplicate(message)
            for kind, accidents in _ON_THE_LINE.items():
                if not message.fault and self._lucky(kind):
                    message.fault = self._rng.choice(accidents)
                    self._counts[message.fault] += 1
        return out

    def _with_repeats(self, messages: list[Message]) -> list[Message]:
        out: list[Message] = []
        for message in messages:
            out += [message, *self._habits.said_again(message)]
        return out

    def _duplicate(self, message: Message) -> None:
        if self._rng.random() < 0.5:
            message.fault = "frame-twice"
        else:
            after = self._rng.choice((0, self._rng.randint(1, _ECHO_AFTER)))
            self._echoes.append((after, message.again()))
        self._counts[message.fault or "copy"] += 1

    def _due_echoes(self) -> list[Message]:
        due = [message for after, message in self._echoes if after <= 0]
        self._echoes = [(after - 1, message) for after, message in self._echoes if after > 0]
        return due
