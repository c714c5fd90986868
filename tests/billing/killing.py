"""Billing runs that are killed: tests.billing.billing_run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from tests.source import ROOT


def killed_after(batches: int, environment: Mapping[str, str]) -> int:
    """Let a process bill until it said so often how many, and kill it; how many it said.

    ``batches`` 0: it is let finish.
    """
    said: list[int] = []
    command = [sys.executable, "-m", "tests.billing.billing_run"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            said.append(int(line))
            if len(said) == batches:
                process.kill()
                break
        said += map(int, process.stdout.read().split())
    assert batches or process.returncode == 0
    return sum(said)
