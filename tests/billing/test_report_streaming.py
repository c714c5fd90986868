"""A long CSV under ASGI: it leaves while it is read, and nothing is read ahead of who takes it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.asgi import get_asgi_application

from billing.reports import exports
from cms.accounts import keys
from cms.accounts.models import User
from cms.shared import clock
from tests.billing.charging import a_station, bill_all, charged, everywhere

pytestmark = pytest.mark.django_db(transaction=True)
BATCHES = 5


@pytest.fixture
def batches(monkeypatch) -> list[str]:
    """What happens, in its order: batches that are read, pieces that are sent."""
    happened: list[str] = []
    stored = exports._in_order

    def in_order(scope, batch):
        for number, bill in enumerate(stored(scope, 2)):
            if number % 2 == 0:
                happened.append("read")
            yield bill

    csv_text = exports.csv_text
    monkeypatch.setattr(exports, "_in_order", in_order)
    monkeypatch.setattr(exports, "csv_text", lambda scope: csv_text(scope, batch=2))
    return happened


def test_the_first_bytes_leave_before_the_second_batch_is_read(batches):
    station = a_station()
    everywhere()
    for number in range(BATCHES * 2):
        charged(station, minute=number * 70)
    bill_all()
    body = async_to_sync(taken)(batches)
    assert body.count(b"\r\n") == 1 + BATCHES * 2
    sent = [what for what in batches if what == "sent"]
    assert len(sent) >= BATCHES
    for number in range(1, BATCHES):
        # A batch is read only once the piece of the one before it has been taken.
        before = batches[: nth(batches, "read", number + 1)]
        assert before.count("sent") >= number


def nth(happened: list[str], what: str, number: int) -> int:
    """Where it happens for the so manieth time."""
    return [at for at, each in enumerate(happened) if each == what][number - 1]


async def taken(happened: list[str]) -> bytes:
    """Ask the application for the CSV, as a server does; gives the body."""
    key = await sync_to_async(a_key)()
    body = b""

    async def receive() -> Any:
        if "asked" not in happened:
            happened.append("asked")
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(3600)

    async def send(message: Any) -> None:
        nonlocal body
        if message.get("body"):
            happened.append("sent")
            body += message["body"]
        if message["type"] == "http.response.start":
            assert message["status"] == 200

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/reports/billing",
        "query_string": b"since=2025-03-01&until=2025-03-31&format=csv",
        "headers": [(b"host", b"testserver"), (b"authorization", f"Api-Key {key}".encode())],
        "http_version": "1.1",
        "scheme": "http",
    }
    await get_asgi_application()(scope, receive, send)
    return body


def a_key() -> str:
    user = User.objects.create_user("program")
    _, key = keys.create(name="test", user=user, scopes=["read"], at=clock.now())
    return str(key)
