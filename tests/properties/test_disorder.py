"""Any history, carried in any disorder, is stored as it happened.

VOLTDESK_DISORDER=150 tries so many histories, from a random seed; else a few, always the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from hypothesis import given, note
from hypothesis import strategies as st

from tests.properties import disorderly
from tests.properties.carrier import arrivals
from tests.properties.histories import histories
from tests.properties.receiver import Receiver


class Undone(Exception):
    """Takes back what one example stored."""


@contextmanager
def taken_back() -> Iterator[None]:
    """Nothing of the block stays."""
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


@pytest.mark.django_db
@disorderly(12)
@given(data=st.data())
def test_any_disorder_is_stored_as_it_happened(data: st.DataObject):
    history = data.draw(histories())
    with taken_back():
        receiver = Receiver(history)
        for number, message in enumerate(data.draw(arrivals(history))):
            note(f"{number}: {message}")
            receiver.hear(message)
            if number % 7 == 0:
                receiver.look_around()
        receiver.check()
