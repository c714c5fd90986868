"""``python -m tests.benchmarks.bills``: sessions priced and billed a second, and queries each.

Ended sessions of many drivers at a tariff with energy, idle time and tax are written past the
services; then the billing task's own service bills them all, in its own batches.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from tests.benchmarks.bill_world import BILLED_AT, fill, fresh_database
from tests.keeper import NoServer

# What a batch is made of, one after the other, by the function that does it.
_PHASES = (
    ("find", "bills._claimed"),
    ("price", "pricing.of_rows"),
    ("payers", "charges.due"),
    ("book", "charges.book"),
    ("store", "bills._store"),
)


def main() -> int:
    """Fill a fresh database, bill it, print what it took; 1 where the books are not right then."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bills", description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    options = parser.parse_args()
    try:
        with fresh_database(options.engine):
            return _measure(options)
    except NoServer as problem:
        print(problem, file=sys.stderr)
        return 1


def _measure(options: argparse.Namespace) -> int:
    from billing.models import SessionBill
    from billing.services import bills, proof

    fill(options.sessions)
    with _counted() as count, _phases() as phases:
        began, busy = time.perf_counter(), time.process_time()
        made = bills.bill_all_ended(at=BILLED_AT, batches=10**9)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
    problems = list(proof.problems())
    stored = SessionBill.objects.count()
    print(
        f"{options.engine}: {made:,} bills in {seconds:.1f} s, {made / seconds:,.0f} a second,"
        f" {count() / made:.2f} queries each; {stored:,} stored, {len(problems)} problems"
    )
    phases["commit and the rest"] = busy - sum(phases.values())
    shares = ", ".join(f"{name} {spent / made * 1e6:,.0f}" for name, spent in phases.items())
    print(f"CPU of this process {busy / made * 1e6:,.0f} us each: {shares}")
    return 1 if problems or stored != options.sessions else 0


@contextmanager
def _counted() -> Iterator[Callable[[], int]]:
    """Count the statements sent, those that go past Django's cursors (bulk rows), too."""
    from django.db import connection

    from cms.shared import bulk

    sent, run = 0, bulk.run

    def execute(execute: Any, *args: Any) -> Any:
        nonlocal sent
        sent += 1
        return execute(*args)

    def bulk_run(steps: Any) -> list[int]:
        nonlocal sent
        steps = list(steps)
        sent += len(steps)
        return run(steps)

    with connection.execute_wrapper(execute), mock.patch.object(bulk, "run", bulk_run):
        yield lambda: sent


@contextmanager
def _phases() -> Iterator[dict[str, float]]:
    """The CPU seconds of each phase, filled as they pass."""
    from billing.services import bills, charges, pricing

    modules = {"bills": bills, "charges": charges, "pricing": pricing}
    spent = dict.fromkeys((name for name, _ in _PHASES), 0.0)
    with ExitStack() as patches:
        for name, where in _PHASES:
            module, _, function = where.partition(".")
            timed = _timed(getattr(modules[module], function), name, spent)
            patches.enter_context(mock.patch.object(modules[module], function, timed))
        yield spent


def _timed(function: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[name] += time.process_time() - began

    return timed


if __name__ == "__main__":
    sys.exit(main())
