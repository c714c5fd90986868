"""The message log: written in bulk, masked, and never longer than its retention."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from ocpp_gateway import days, notebook, tasks
from ocpp_gateway.models import OcppMessage
from ocpp_gateway.notebook import Exchange, Notebook
from tests.stations import given

pytestmark = pytest.mark.django_db
AT = datetime(2025, 3, 1, tzinfo=UTC)


def an_exchange(station, **fields):
    """A call of the station and its answer."""
    entry = Exchange(station.pk, "Received", "1", "Heartbeat", "[2]", "[3]", "", AT, 1)
    return entry._replace(**fields)


def messages(station, ages):
    """Rows so many days old."""
    now = datetime.now(UTC)
    OcppMessage.objects.bulk_create(
        OcppMessage(station=station, direction="Received", at=now - timedelta(days=age))
        for age in ages
    )


def test_exchanges_and_signs_of_life_are_written_together():
    station = given.a_connected_station()
    notebook._store([an_exchange(station), an_exchange(station)], [station.pk], given.after(5))
    assert OcppMessage.objects.filter(station=station).count() == 2
    station.refresh_from_db()
    assert station.last_seen_at == given.after(5)


def test_secrets_are_masked_and_nul_taken_out():
    station = given.a_station()
    secret = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"S3CRET"}]'
    notebook._store([an_exchange(station, request=secret, message_id="a\x00b")], [], AT)
    stored = OcppMessage.objects.get()
    assert "S3CRET" not in stored.request
    assert stored.message_id == "ab"


def test_text_of_any_kind_is_kept():
    station = given.a_station()
    text = '["⚡שלום\u202e \\u0000 <b> \'; DROP TABLE"]' + "x" * 300_000
    notebook._store([an_exchange(station, request=text)], [], AT)
    assert OcppMessage.objects.get().request == text


def test_an_entry_that_cannot_be_written_stops_nobody(caplog):
    station = given.a_station()
    notebook._write([an_exchange(station, direction="x" * 999_999, at=None)], [], AT)
    assert "are lost" in caplog.text


def waiting_of(count: int, station, monkeypatch, **fields) -> list[int]:
    """How many entries each bulk has, where ``count`` arrive while the first is written."""
    bulks: list[int] = []
    told = threading.Event()

    def write(exchanges, heard, at):
        bulks.append(len(exchanges))
        told.wait(10)

    async def arrive():
        book = Notebook()
        book.exchange(an_exchange(station))
        while not bulks:
            await asyncio.sleep(0)
        for _ in range(count):
            book.exchange(an_exchange(station, **fields))
        await asyncio.sleep(0.01)
        assert len(bulks) == 1  # one bulk at a time
        told.set()
        while len(bulks) < 2:
            await asyncio.sleep(0)

    monkeypatch.setattr(notebook, "_PAUSE", 0)
    monkeypatch.setattr(notebook, "_write", write)
    asyncio.run(arrive())
    return bulks


def test_what_arrives_during_a_write_waits_for_the_next(monkeypatch):
    assert waiting_of(1000, given.a_station(), monkeypatch) == [1, 1000]


def test_more_than_memory_should_hold_is_dropped_the_oldest_first(monkeypatch, caplog):
    long = "x" * 20_000
    assert waiting_of(1000, given.a_station(), monkeypatch, request=long, response="") == [1, 800]
    assert "200 entries of the message log were too many" in caplog.text


def test_a_long_frame_is_cut_and_its_secret_masked_before():
    station = given.a_station()
    start = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","more":"'
    secret = start + "x" * (20_000 - len(start) - 20) + '","value":"S3CRET-S3CRET-S3CRET"}]'
    kept = notebook._shortened(an_exchange(station, request=secret))
    assert 19_900 < len(kept.request) <= 20_001
    assert "S3CRET" not in kept.request
    assert kept.response == "[3]"


def test_what_is_older_than_the_retention_is_forgotten(settings):
    settings.OCPP_MESSAGE_RETENTION_DAYS = 30
    messages(given.a_station(), [0, 29, 31, 400])
    tasks.prune_messages()
    assert OcppMessage.objects.count() == 2


def test_however_much_is_old_it_is_forgotten_in_pieces(monkeypatch, settings):
    settings.OCPP_MESSAGE_RETENTION_DAYS = 30
    monkeypatch.setattr(days, "_MOST", 10)
    messages(given.a_station(), [31] * 35 + [1])
    tasks.prune_messages()
    assert OcppMessage.objects.count() == 1
