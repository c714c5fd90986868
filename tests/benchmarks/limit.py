"""The limit: a bare ``websockets`` server and one writer thread that commits groups with COPY.

Nothing of a system is in it: no framework, no validation, no authentication, no session, no
events. Only what any durable server must do: read the frame, take the values out, commit them,
answer. ``python -m tests.benchmarks.limit --port N --database URL``.
"""

from __future__ import annotations

import argparse
import asyncio
import queue
import threading
from datetime import datetime
from typing import Any

import orjson
import psycopg
import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

TABLE = "meter_values"
_CREATE = f"""
    CREATE TABLE IF NOT EXISTS {TABLE} (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        station text NOT NULL, connector integer NOT NULL, transaction_id bigint NOT NULL,
        at timestamptz NOT NULL, raw text NOT NULL, energy bigint, power integer,
        current double precision, voltage double precision, soc double precision,
        temperature double precision
    );
    CREATE INDEX IF NOT EXISTS {TABLE}_at ON {TABLE} (transaction_id, at)
"""
_COPY = f"""
    COPY {TABLE} (station, connector, transaction_id, at, raw,
                  energy, power, current, voltage, soc, temperature) FROM STDIN
"""
_TYPES = ("text", "int4", "int8", "timestamptz", "text", "int8", "int4") + ("float8",) * 4
_MEASURANDS = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
    "Temperature",
)
_LARGEST_BATCH = 500

Row = tuple[Any, ...]
Waiting = tuple[Row, "asyncio.Future[None]"]


class Writer(threading.Thread):
    """Commits whatever waits; what comes in meanwhile is the next batch. No timer."""

    def __init__(self, database: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(daemon=True)
        self._database = database
        self._loop = loop
        self._queue: queue.SimpleQueue[Waiting] = queue.SimpleQueue()

    def store(self, row: Row) -> asyncio.Future[None]:
        """A future that is done when ``row`` is committed."""
        future = self._loop.create_future()
        self._queue.put((row, future))
        return future

    def run(self) -> None:
        """Write until the process ends."""
        # One COPY in autocommit is one transaction: it returns after the commit reached the disk.
        with psycopg.connect(self._database, autocommit=True) as connection:
            while True:
                batch = self._batch()
                error = self._commit(connection, [row for row, _ in batch])
                futures = [future for _, future in batch]
                self._loop.call_soon_threadsafe(self._settle, futures, error)

    def _batch(self) -> list[Waiting]:
        batch = [self._queue.get()]
        while len(batch) < _LARGEST_BATCH:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    @staticmethod
    def _commit(connection: psycopg.Connection[Any], rows: list[Row]) -> Exception | None:
        try:
            with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.set_types(_TYPES)
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            return error
        return None

    @staticmethod
    def _settle(futures: list[asyncio.Future[None]], error: Exception | None) -> None:
        for future in futures:
            if future.cancelled():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


class Limit:
    """Answers stations: the calls before the load from memory, MeterValues after the commit."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._transactions = 0

    async def station(self, socket: ServerConnection) -> None:
        """Serve one socket until it closes."""
        assert socket.request is not None
        station = socket.request.path.rpartition("/")[2]
        async for text in socket:
            _, unique_id, action, payload = orjson.loads(text)
            if action == "MeterValues":
                for row in _rows(station, payload):
                    await self._writer.store(row)
                answer = {}
            else:
                answer = self._answer(action)
            await socket.send(orjson.dumps([3, unique_id, answer]), text=True)

    def _answer(self, action: str) -> dict[str, Any]:
        if action == "BootNotification":
            return {
                "status": "Accepted",
                "interval": 60,
                "currentTime": datetime.now().astimezone().isoformat(),
            }
        if action == "StartTransaction":
            self._transactions += 1
            return {"transactionId": self._transactions, "idTagInfo": {"status": "Accepted"}}
        return {}


def _rows(station: str, payload: dict[str, Any]) -> list[Row]:
    """A row per MeterValues element: the measurands as columns, the list as it came."""
    connector, transaction_id = payload["connectorId"], payload["transactionId"]
    return [
        (
            station,
            connector,
            transaction_id,
            datetime.fromisoformat(element["timestamp"]),
            orjson.dumps(element["sampledValue"]).decode(),
            *_columns(element["sampledValue"]),
        )
        for element in payload["meterValue"]
    ]


def _columns(sampled: list[dict[str, str]]) -> list[float | int | None]:
    values = {value["measurand"]: value["value"] for value in sampled}
    energy, power, *others = (values.get(measurand) for measurand in _MEASURANDS)
    return [
        None if energy is None else int(energy),
        None if power is None else int(power),
        *(None if value is None else float(value) for value in others),
    ]


async def main() -> None:
    """Make the table and serve until the process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    options = parser.parse_args()
    with psycopg.connect(options.database) as connection:
        connection.execute(_CREATE)
    writer = Writer(options.database, asyncio.get_running_loop())
    writer.start()
    server = await serve(
        Limit(writer).station,
        "127.0.0.1",
        options.port,
        subprotocols=[Subprotocol("ocpp1.6")],
        compression=None,
        ping_interval=None,
        server_header=None,
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
