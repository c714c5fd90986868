"""What waits on one connection: read in order, also by who came before it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from cms.mailbox import Mailbox


def test_messages_are_read_in_the_order_they_came() -> None:
    async def story() -> list[int]:
        box = Mailbox[int]()
        for number in (1, 2, 3):
            box.put_nowait(number)
        assert box.qsize() == 3
        return [await box.get() for _ in range(3)]

    assert asyncio.run(story()) == [1, 2, 3]


def test_a_reader_who_waits_gets_what_comes_next() -> None:
    async def story() -> int:
        box = Mailbox[int]()
        reading = asyncio.ensure_future(box.get())
        await asyncio.sleep(0)
        box.put_nowait(7)
        return await reading

    assert asyncio.run(story()) == 7


def test_nothing_is_lost_with_a_reader_who_gave_up() -> None:
    async def story() -> list[int]:
        box = Mailbox[int]()
        reading = asyncio.ensure_future(box.get())
        await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        box.put_nowait(1)
        box.put_nowait(2)
        return [await box.get(), await box.get()]

    assert asyncio.run(story()) == [1, 2]


def test_nothing_is_lost_with_a_reader_who_gave_up_as_it_came() -> None:
    async def story() -> list[int]:
        box = Mailbox[int]()
        reading = asyncio.ensure_future(box.get())
        await asyncio.sleep(0)
        box.put_nowait(1)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert not box.empty()
        return [await box.get()]

    assert asyncio.run(story()) == [1]
