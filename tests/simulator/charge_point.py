"""One charging station: boots, stays in touch, charges, obeys, and forgets no transaction."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from zlib import crc32

from tests.simulator import commands, messages
from tests.simulator.cards import CardReader
from tests.simulator.clock import Clock
from tests.simulator.configuration import Configuration
from tests.simulator.connector import STARTABLE, Connector
from tests.simulator.failures import CallFailed, CallRefused
from tests.simulator.faults import Disturber
from tests.simulator.life import Life
from tests.simulator.link import Link
from tests.simulator.local_list import LocalList
from tests.simulator.messages import Message
from tests.simulator.meter import Meter
from tests.simulator.outbox import Outbox
from tests.simulator.records import Records
from tests.simulator.reservations import Reservations
from tests.simulator.upkeep import Upkeep

_BOOT_RETRY_S = 10  # where the server leaves the interval to us (section 4.2)
_GOODBYE_S = 5.0
_OUT_OF_SERVICE = ("Unavailable", "Faulted")


class Hardware(NamedTuple):
    """A model of station."""

    vendor: str = "Simulated"
    model: str = "AC22"
    firmware: str = "1.6.0"
    connectors: int = 1
    max_power_w: float = 22_000.0
    phases: int = 3
    dc: bool = False


class ChargePoint:
    """A station. Use it as ``async with ChargePoint(...) as station``; see fleet.py, replay.py."""

    def __init__(
        self,
        cp_id: str,
        url: str,
        *,
        key: str | None = None,
        hardware: Hardware = Hardware(),  # noqa: B008 - immutable
        clock: Clock | None = None,
        seed: int = 0,
        disturber: Callable[[Records], Disturber] | None = None,
        settings: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        patience: float | None = None,
        outage_s: tuple[float, float] = (0.0, 0.3),
        tells_status: bool = True,
        keep: int | None = None,
    ):
        """``patience`` is in seconds without any word of the server (None: for ever);
        ``outage_s`` how long an injected drop keeps the line dead; ``tells_status`` whether the
        statuses are told again after a mere reconnect; ``keep`` bounds the records."""
        self.cp_id, self.hardware = cp_id, hardware
        self.clock = clock or Clock()
        self.records = Records(keep)
        self.operative = True
        self.on_remote_start: Callable[[Connector], None] | None = None
        rng = random.Random(f"{seed} {cp_id}")
        self.disturber = (disturber or self._undisturbed)(self.records)
        fixed = {"NumberOfConnectors": str(hardware.connectors)}
        self.configuration = Configuration({**(settings or {}), **fixed})
        self.link = Link(
            url,
            cp_id,
            self.records,
            rng,
            key=key.encode() if key is not None else None,
            timeout=timeout,
            patience=patience,
            ping_interval=lambda: self.configuration.number("WebSocketPingInterval"),
        )
        self.local_list = LocalList(self.configuration)
        self.cards = CardReader(self.link, self.configuration, self.local_list)
        self.reservations = Reservations(self)
        self.upkeep = Upkeep(self)
        self.outbox = Outbox(
            self.link,
            self.records,
            self.clock,
            attempts=lambda: self.configuration.number("TransactionMessageAttempts"),
            retry_wait=lambda: self.configuration.number("TransactionMessageRetryInterval"),
            outage=lambda: rng.uniform(*outage_s),
        )
        self.connectors = {
            number: Connector(self, number, self._new_meter(number))
            for number in range(1, hardware.connectors + 1)
        }
        self._tells_status = tells_status
        self._booted, self._introduced = asyncio.Event(), False
        self._boot_interval_s: int = _BOOT_RETRY_S
        self._told = ""
        self.life = Life(cp_id)

    async def __aenter__(self) -> ChargePoint:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # Life

    def start(self) -> None:
        """Power on: connect, boot, and go on until ``stop``."""
        self.life.begin(
            self.outbox.pump(),
            self._beat(),
            self.link.run(self._greet, lambda call: commands.reply(self, call), self.life.spawn),
        )

    async def ready(self) -> None:
        """Wait until the boot was accepted. Raises OutOfPatience, as all waiting here does."""
        await self.life.lasts(self.link.ready.wait())

    async def drained(self) -> None:
        """Wait until every message was answered."""
        await self.life.lasts(self.outbox.drained())

    async def stop(self, grace_s: float = 10.0) -> None:
        """Say what is left to say (for ``grace_s`` at most), close the socket, power off."""
        self.release()
        self.link.end_outage()
        try:
            if self.life.alive:
                with suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(grace_s):
                        await self.drained()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_GOODBYE_S):
                        await self.link.close()
        finally:
            await self.life.end()

    def release(self) -> None:
        """Queue whatever the faults still hold back."""
        for message in self.disturber.flush():
            self.outbox.put(message)

    # Talking

    def post(self, message: Message) -> None:
        """Put a message in the outbox, past the faults."""
        for each in self.disturber.pass_on(message):
            self.outbox.put(each)

    async def say(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Say something once that nobody misses if it fails; gives the answer if there is one."""
        with suppress(CallFailed):
            return await self.link.call(action, payload)
        return None

    async def say_message(self, message: Message) -> None:
        """The same with a message."""
        await self.say(message.action, message.payload)

    def refresh(self) -> None:
        """Tell the station's own status (connector 0) where it changed."""
        if self._told != self._status():
            self.post(self.told_now())

    def told_now(self) -> Message:
        """The StatusNotification of connector 0, counted as told."""
        self._told = self._status()
        return messages.status_notification(0, self._told, self.clock.now())

    async def boot_once(self) -> bool:
        """BootNotification; says whether the station is accepted."""
        try:
            answer = await self.link.call("BootNotification", self._boot_payload())
        except CallRefused:
            answer = {"status": "Rejected", "interval": 0}
        interval = answer["interval"]
        if answer["status"] == "Accepted":
            if interval > 0:
                self.configuration.set("HeartbeatInterval", str(interval))
            self._booted.set()
        self._boot_interval_s = interval if interval > 0 else _BOOT_RETRY_S
        return self._booted.is_set()

    async def _greet(self) -> None:
        self.outbox.forget_passing()
        if self.link.lost_power:
            self.link.lost_power = False
            self._booted.clear()
        while not self._booted.is_set() and not await self.boot_once():
            await self.clock.within(self._boot_interval_s, self._booted)
        if self._introduced and not self._tells_status:
            return
        self._introduced = True
        await self.say_message(self.told_now())
        for connector in self.connectors.values():
            await self.say_message(connector.told_now())

    async def _beat(self) -> None:
        while True:
            interval = self.configuration.number("HeartbeatInterval") or _BOOT_RETRY_S
            if await self.clock.within(interval, self.configuration.changed):
                continue
            if self.link.ready.is_set():
                await self.say("Heartbeat", {})

    # Charging

    async def present_card(self, connector_id: int, id_tag: str) -> str:
        """A driver holds a card to the reader. Gives what the display shows: Accepted, Stopped,
        Occupied, Reserved, Unavailable, or the reason the card is refused."""
        connector = self.connectors[connector_id]
        if connector.status in _OUT_OF_SERVICE:
            return connector.status
        running = connector.transaction
        if running is not None and running.id_tag.lower() == id_tag.lower():
            connector.stop("Local", id_tag)  # the card that started may always stop (4.10)
            return "Stopped"
        card = await self.cards.authorise(id_tag)
        if card.status != "Accepted":
            self.records.note("refused_cards")
            return card.status
        if connector.status in _OUT_OF_SERVICE:
            return connector.status
        if connector.transaction is not None:
            return self._stop_by_group(connector, id_tag, card.parent_id_tag)
        if not self.reservations.usable(connector, id_tag, card.parent_id_tag):
            return "Reserved"
        connector.authorised(id_tag, card.parent_id_tag)
        return "Accepted"

    async def remote_start(self, connector: Connector, id_tag: str) -> None:
        """What follows an accepted RemoteStartTransaction."""
        parent = ""
        if self.configuration.flag("AuthorizeRemoteTxRequests"):
            status, parent = await self.cards.authorise(id_tag)
            if status != "Accepted":
                self.records.note("refused_cards")
                return
        if connector.status not in STARTABLE:
            return  # somebody else was quicker
        connector.authorised(id_tag, parent)
        if connector.vehicle is None and self.on_remote_start is not None:
            self.on_remote_start(connector)

    async def reset(self, kind: str) -> None:
        """Soft: end all transactions and say so, then boot. Hard: boot at once, say so later."""
        for connector in self.connectors.values():
            connector.stop(f"{kind}Reset")
        if kind == "Soft":
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await self.outbox.drained()
        for connector in self.connectors.values():
            connector.reboot()
        self._booted.clear()
        await self.link.reconnect()

    def _stop_by_group(self, connector: Connector, id_tag: str, parent: str) -> str:
        running = connector.transaction
        if running is None or not parent or running.parent_id_tag.lower() != parent.lower():
            return "Occupied"
        connector.stop("Local", id_tag)
        return "Stopped"

    def _status(self) -> str:
        return "Available" if self.operative else "Unavailable"

    def _undisturbed(self, records: Records) -> Disturber:
        return Disturber(rng=random.Random(0), counts=records.faults)

    def _new_meter(self, connector_id: int) -> Meter:
        """Every meter has run before: its register starts somewhere above zero."""
        register = 10_000 + crc32(f"{self.cp_id}/{connector_id}".encode()) % 5_000_000
        kind = self.hardware
        return Meter(register, kind.max_power_w, phases=kind.phases, dc=kind.dc)

    def _boot_payload(self) -> dict[str, Any]:
        return {
            "chargePointVendor": self.hardware.vendor,
            "chargePointModel": self.hardware.model,
            "chargePointSerialNumber": self.cp_id[:25],
            "firmwareVersion": self.hardware.firmware,
            "meterType": "simulated",
        }
