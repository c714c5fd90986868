"""One connector of a station: a vehicle, a transaction, and the status that follows from them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.simulator import messages
from tests.simulator.battery import Battery
from tests.simulator.clock import iso
from tests.simulator.messages import Transaction
from tests.simulator.meter import Meter

if TYPE_CHECKING:
    from tests.simulator.charge_point import ChargePoint

STARTABLE = ("Available", "Preparing", "Finishing", "Reserved")
_UNMETERED_TICK_S = 30  # how often the energy is reckoned where no samples are sent


class Connector:
    """An outlet. Its status is never set, it is derived; ``refresh`` tells the server."""

    def __init__(self, station: ChargePoint, connector_id: int, meter: Meter):
        self.id = connector_id
        self.meter = meter
        self.vehicle: Battery | None = None
        self.transaction: Transaction | None = None
        self.operative = True
        self.faulted = False
        self.lock_works = True
        self._station = station
        self._awaiting: tuple[str, str] | None = None  # an accepted card and its group, no car yet
        self._finished = False  # the transaction is over, the vehicle is still there
        self._told = ""
        self._changed = asyncio.Event()
        self._begin_sample: list[dict[str, Any]] = []

    @property
    def status(self) -> str:
        """The status as OCPP names it (section 7.7)."""
        if self.faulted:
            return "Faulted"
        if self.transaction is not None:
            return "SuspendedEV" if self.vehicle is None or self.vehicle.full else "Charging"
        if not self.operative:
            return "Unavailable"
        if self._finished:
            return "Finishing"
        if self.vehicle is not None or self._awaiting is not None:
            return "Preparing"
        return "Reserved" if self._station.reservations.at(self.id) else "Available"

    def refresh(self) -> None:
        """Tell the server the status where it is another one than it was told last."""
        status = self.status
        if status in ("Faulted", "Unavailable"):
            self._station.reservations.drop(self.id)
        if status != self._told:
            self._station.post(self.told_now())
        self._changed.set()
        self._changed = asyncio.Event()

    def told_now(self) -> messages.Message:
        """The StatusNotification of this moment, counted as told."""
        self._told = self.status
        return messages.status_notification(self.id, self._told, self._station.clock.now())

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition on this connector, at most so many station seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds / self._station.clock.speed):
                while not condition():
                    await self._changed.wait()
        return condition()

    def plug_in(self, vehicle: Battery) -> None:
        """A driver puts the cable into a vehicle."""
        self.vehicle, self._finished = vehicle, False
        if self._awaiting is not None:
            self._start(*self._awaiting)
        self.refresh()

    def unplug(self) -> None:
        """The cable is pulled out; this ends a transaction (StopTransactionOnEVSideDisconnect)."""
        if self.transaction is not None:
            self.stop("EVDisconnected")
        self.vehicle, self._finished = None, False
        self.refresh()

    def authorised(self, id_tag: str, parent_id_tag: str = "") -> None:
        """A card was accepted: start now, or as soon as a vehicle is there."""
        if self.vehicle is not None:
            self._start(id_tag, parent_id_tag)
        else:
            self._awaiting = (id_tag, parent_id_tag)
            self._station.life.spawn(self._wait_for_vehicle(self._awaiting))
        self.refresh()

    def stop(self, reason: str, id_tag: str = "") -> None:
        """End the transaction, if there is one, with one of OCPP's reasons."""
        transaction, now = self.transaction, self._station.clock.now()
        if transaction is None:
            return
        self.meter.advance(now, self.vehicle)
        self.meter.end()
        transaction.meter_stop_wh = self.meter.reading_wh
        data = self._transaction_data(transaction)
        self._station.post(
            messages.stop_transaction(transaction, now, reason, id_tag=id_tag, data=data)
        )
        self.transaction, self._finished = None, self.vehicle is not None
        self._station.records.note("sessions_ended")
        self.refresh()

    def set_operative(self, operative: bool) -> str:
        """ChangeAvailability: gives the status to answer; a transaction goes on to its end."""
        self.operative = operative
        scheduled = not operative and self.transaction is not None
        return "Scheduled" if scheduled else "Accepted"

    def reboot(self) -> None:
        """The station starts anew: what was under way is forgotten, the vehicle stays."""
        self._awaiting, self._finished = None, False

    def sample(self, context: str) -> messages.Message:
        """MeterValues of this moment."""
        now = self._station.clock.now()
        self.meter.advance(now, self.vehicle)
        wanted = self._station.configuration.names("MeterValuesSampledData")
        sampled = self.meter.sampled(wanted, context, self.vehicle)
        return messages.meter_values(self.id, now, sampled, self.transaction)

    def _start(self, id_tag: str, parent_id_tag: str) -> None:
        now, reservations = self._station.clock.now(), self._station.reservations
        self._awaiting = None
        transaction = Transaction(self.id, id_tag, self.meter.reading_wh, now)
        transaction.parent_id_tag = parent_id_tag
        reservation_id = reservations.used_by(self, id_tag, parent_id_tag)
        self.transaction, self._finished = transaction, False
        self._begin_sample = self._stop_sample("Transaction.Begin")
        self.meter.begin(now)
        start = messages.start_transaction(transaction, reservation_id)
        start.on_answer = lambda answer: self._started(transaction, answer)
        self._station.post(start)
        if reservation_id is not None:
            reservations.end(reservation_id)
        self._station.records.note("sessions_started")
        self._station.life.spawn(self._charge(transaction))

    def _started(self, transaction: Transaction, answer: dict[str, Any]) -> None:
        """The system may refuse the card even now (section 4.8)."""
        info = answer["idTagInfo"]
        transaction.parent_id_tag = info.get("parentIdTag", transaction.parent_id_tag)
        if info["status"] == "Accepted":
            return
        self._station.records.note("refused_cards")
        stops = self._station.configuration.flag("StopTransactionOnInvalidId")
        if stops and self.transaction is transaction:
            self.stop("DeAuthorized")

    async def _charge(self, transaction: Transaction) -> None:
        while self.transaction is transaction:
            interval = self._station.configuration.number("MeterValueSampleInterval")
            await self._station.clock.sleep(interval or _UNMETERED_TICK_S)
            if self.transaction is not transaction:
                return
            self.meter.advance(self._station.clock.now(), self.vehicle)
            self.refresh()
            if interval:
                self._station.post(self.sample("Sample.Periodic"))

    async def _wait_for_vehicle(self, awaiting: tuple[str, str]) -> None:
        await self._station.clock.sleep(self._station.configuration.number("ConnectionTimeOut"))
        if self._awaiting is awaiting:
            self._awaiting = None
            self.refresh()

    def _stop_sample(self, context: str) -> list[dict[str, Any]]:
        wanted = self._station.configuration.names("StopTxnSampledData")
        return self.meter.sampled(wanted, context, self.vehicle)

    def _transaction_data(self, transaction: Transaction) -> list[dict[str, Any]]:
        end = self._stop_sample("Transaction.End")
        if not end or not self._begin_sample:
            return []
        now = self._station.clock.now()
        return [
            {"timestamp": iso(transaction.started_at), "sampledValue": self._begin_sample},
            {"timestamp": iso(now), "sampledValue": end},
        ]
