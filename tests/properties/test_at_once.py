"""Any history, told by three threads at the same time, is stored as it happened."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties import disorderly
from tests.properties.carrier import Message, arrivals
from tests.properties.histories import histories
from tests.properties.receiver import Receiver
from tests.stations.test_claiming import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.production]
THREADS = 3
_PATIENCE_S = 60.0
_numbers = itertools.count(1)


def a_teller(receiver: Receiver, told: list[Message]) -> Callable[[int], None]:
    """Each thread tells every third message; what says a number waits until it is known."""

    def tell(thread: int) -> None:
        for message in told[thread::THREADS]:
            until = time.monotonic() + _PATIENCE_S
            while message.needs_number and message.charge not in receiver.numbers:
                assert time.monotonic() < until, "another thread never started it"
                time.sleep(0.001)
            receiver.hear(message)

    return tell


@disorderly(4)
@given(data=st.data())
def test_sockets_at_once_are_stored_as_it_happened(data: st.DataObject):
    history = data.draw(histories())
    receiver = Receiver(history, mark=f"-{next(_numbers)}")
    at_once(a_teller(receiver, data.draw(arrivals(history))), THREADS)
    receiver.check()
