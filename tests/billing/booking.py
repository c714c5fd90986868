"""A program that books sessions on one wallet for ever, and says each that is booked."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import count


def booked(wallet_id: int, numbers: Iterable[int]) -> Iterator[str]:
    """Hold and settle session by session, each with the keys it always has; gives their names."""
    from billing.models import Account
    from tests.billing import given

    wallet = Account.objects.get(pk=wallet_id)
    for number in numbers:
        name = f"session/{number}"
        given.hold(wallet, "2", session=name, key=f"{name}/hold")
        given.settle(wallet, given.sale("1", tax="0.19"), session=name, key=f"{name}/settle")
        yield name


if __name__ == "__main__":
    import django

    django.setup()
    for session in booked(int(sys.argv[1]), count()):
        sys.stdout.write(f"{session}\n")
        sys.stdout.flush()
