"""Sessions under disorder: true histories, how they are carried, and what has to be stored."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

MANY = int(os.environ.get("VOLTDESK_DISORDER", "0"))


def disorderly(few: int) -> settings:
    """So few examples, always the same; VOLTDESK_DISORDER=n tries n, from a random seed."""
    return settings(
        max_examples=MANY or few,
        derandomize=not MANY,
        database=None,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )
