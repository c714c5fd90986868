"""A process killed in the middle of its bookings leaves books that are right, and can go on."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.db import connection

from billing.models import JournalEntry
from billing.services import proof
from tests.billing import given
from tests.billing.booking import booked
from tests.source import ROOT


def environment() -> dict[str, str]:
    """That of a process on the very database of this test."""
    name = str(connection.settings_dict["NAME"])
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return {**os.environ, "DATABASE_URL": url}


def killed_after(sessions: int, wallet_id: int) -> list[str]:
    """The sessions a process said it had booked before it was killed."""
    command = [sys.executable, "-m", "tests.billing.booking", str(wallet_id)]
    said = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            said.append(line.strip())
            if len(said) == sessions:
                process.kill()
                break
        said += process.stdout.read().split()
    return said


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_it_books_leaves_books_that_are_right():
    wallet = given.a_wallet(holding="100000")
    charges = JournalEntry.objects.filter(kind="Charge")
    for sessions in (3, 20):
        said = killed_after(sessions, wallet.pk)
        assert set(said) <= set(charges.values_list("reference", flat=True))
        assert list(proof.problems()) == []
    everything = charges.count() + 2
    assert len(list(booked(wallet.pk, range(everything)))) == everything
    assert charges.count() == everything
    assert given.balance(wallet) == f"{100000 - everything * 1.19:.2f}"
    assert list(proof.problems()) == []
