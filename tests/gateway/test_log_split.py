"""A message log of one table becomes one of days, and back: no row is lost, nobody is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import pytest

from ocpp_gateway.models import OcppMessage
from tests.conftest import new_environment
from tests.processes import manage

pytestmark = pytest.mark.production  # SQLite keeps its one table
TABLE = OcppMessage._meta.db_table
ROWS, WRONG_CLOCK = 5000, datetime(2099, 1, 1, tzinfo=UTC)
FILL = f"""
INSERT INTO {TABLE} (station_id, direction, message_id, action, request, response, error_code,
  at, latency_ms)
SELECT n %% 9, 'Received', 'message-' || n, 'Heartbeat', '[2]', '[3]', '',
  now() - n * interval '10 minutes', n FROM generate_series(1, %s) AS n
"""
WRITE = f"""
INSERT INTO {TABLE} (station_id, direction, message_id, action, request, response, error_code, at)
VALUES (1, 'Sent', 'meanwhile', 'Reset', '[2]', '', '', %s) RETURNING id
"""
# What a first attempt that was killed leaves behind.
REMAINS = f"""
CREATE INDEX {TABLE}_by_id_and_time ON {TABLE} (id);
CREATE TABLE {TABLE}_default (LIKE {TABLE} INCLUDING CONSTRAINTS);
ALTER TABLE {TABLE} ADD CONSTRAINT {TABLE}_before CHECK (at < '2030-01-01') NOT VALID;
WITH moved AS (DELETE FROM {TABLE} WHERE at >= '2030-01-01' RETURNING *)
INSERT INTO {TABLE}_default SELECT * FROM moved;
"""


class Log:
    """The log of one database, as a table or as days."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.server = psycopg.connect(environment["DATABASE_URL"], autocommit=True)

    def migrate(self, *target: str) -> None:
        """To ``target``, or to the end."""
        manage(self.environment, "migrate", "ocpp_gateway", *target, "--verbosity", "0")

    def rows(self) -> list[tuple[Any, ...]]:
        """Every exchange, every field."""
        return self.server.execute(f"SELECT * FROM {TABLE} ORDER BY id").fetchall()

    def write(self) -> int:
        """One more; gives its number."""
        [number] = self.server.execute(WRITE, [datetime.now(UTC)]).fetchone() or [0]
        return int(number)

    def indexes(self) -> set[str]:
        """The names of those of the log itself, not of its parts."""
        asked = (
            f"SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = '{TABLE}'::regclass"
        )
        return {name for (name,) in self.server.execute(asked)}

    def tables(self) -> dict[str, int]:
        """How many rows are in each part, by the end of its name."""
        asked = f"SELECT tableoid::regclass::text, count(*) FROM {TABLE} GROUP BY 1"
        return {name.removeprefix(TABLE): count for name, count in self.server.execute(asked)}


class Seen(NamedTuple):
    """A log: before, by day, and after the way back; what was written while it was split."""

    old: list[tuple[Any, ...]]
    split: list[tuple[Any, ...]]
    joined: list[tuple[Any, ...]]
    tables: dict[str, int]
    indexes: list[set[str]]
    meanwhile: list[int]
    longest: float
    numbers: list[int]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """The whole way, once for all tests."""
    with new_environment(tmp_path_factory.mktemp("split") / "data") as environment:
        log = Log(environment)
        log.migrate("0002")
        log.server.execute(FILL, [ROWS])
        log.server.execute(WRITE, [WRONG_CLOCK])
        old, indexes = log.rows(), [log.indexes()]
        log.server.execute(REMAINS)
        with Writing(environment) as (written, waits):
            log.migrate()
        split, tables, numbers = log.rows(), log.tables(), [log.write()]
        indexes.append(log.indexes())
        log.migrate("0002")
        joined, numbers = log.rows(), [*numbers, log.write()]
        indexes.append(log.indexes())
        log.server.close()
        yield Seen(old, split, joined, tables, indexes, written, max(waits), numbers)


class Writing:
    """Somebody writes to the log while the block lasts: their numbers, and how long each took."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.log, self.ended = Log(environment), threading.Event()
        self.written: list[int] = []
        self.waits: list[float] = []
        self.thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        while not self.ended.wait(0.005):
            began = time.monotonic()
            self.written.append(self.log.write())
            self.waits.append(time.monotonic() - began)

    def __enter__(self) -> tuple[list[int], list[float]]:
        self.thread.start()
        return self.written, self.waits

    def __exit__(self, *_: object) -> None:
        assert self.thread.is_alive()  # none of its messages was refused
        self.ended.set()
        self.thread.join()
        self.log.server.close()


def test_every_row_of_before_is_there_as_it_was(seen):
    assert len(seen.old) == ROWS + 1
    assert seen.split[: len(seen.old)] == seen.old


def test_what_is_said_meanwhile_is_kept_and_waits_little(seen):
    assert seen.meanwhile
    assert [row[0] for row in seen.split[len(seen.old) :]] == seen.meanwhile
    assert seen.longest < 5  # hundredths of it on a machine that does nothing else


def test_nothing_is_copied_but_what_a_wrong_clock_wrote(seen):
    end = f"{datetime.now(UTC) + timedelta(days=2):%Y%m%d}"
    assert seen.tables == {f"_before_{end}": ROWS + len(seen.meanwhile), "_default": 1}


def test_numbers_go_on(seen):
    assert seen.numbers[0] > seen.split[-1][0]
    assert seen.numbers[1] > seen.joined[-1][0]


def test_indexes_keep_the_names_the_model_gives_them(seen):
    names = {index.name for index in OcppMessage._meta.indexes} | {f"{TABLE}_pkey"}
    assert seen.indexes == [names, names, names]


def test_on_the_way_back_every_row_is_copied(seen):
    assert [row[0] for row in seen.joined] == [*(row[0] for row in seen.split), seen.numbers[0]]
    assert seen.joined[:-1] == seen.split
