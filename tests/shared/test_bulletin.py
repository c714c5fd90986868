"""What changed is gathered for a moment and told by name, after the commit."""

from __future__ import annotations

import asyncio

import pytest
from django.db import transaction

from cms.shared import bulletin, live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_gathered():
    bulletin.tell()
    yield
    live.serve_from(None)
    bulletin.tell()


async def told_while(act):
    """The names that were told while ``act`` ran in another thread."""
    live.serve_from(asyncio.get_running_loop())
    async with live.listening(bulletin.GROUP) as heard:
        await asyncio.to_thread(act)
        message = await asyncio.wait_for(heard.get(), 10)
        assert heard.empty()
        return message["names"]


def test_fifty_changes_in_a_burst_are_told_in_one_message():
    def burst():
        for _ in range(50):
            bulletin.changed("station", 1)
        bulletin.changed("session", 7, 9)

    assert asyncio.run(told_while(burst)) == ["session:7", "session:9", "station:1"]


def test_what_is_rolled_back_is_not_told():
    def act():
        with transaction.atomic():
            bulletin.changed("station", 1)
            transaction.set_rollback(True)
        bulletin.changed("station", 2)

    assert asyncio.run(told_while(act)) == ["station:2"]


def test_a_change_is_not_told_before_it_is_committed():
    def act():
        with transaction.atomic():
            bulletin.changed("station", 3)
            bulletin.tell()
            assert not bulletin._gathered

    assert asyncio.run(told_while(act)) == ["station:3"]
