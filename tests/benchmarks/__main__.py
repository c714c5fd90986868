"""``python -m tests.benchmarks``: durable MeterValues a second; ours, the limit, the stock way."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks import database, report
from tests.benchmarks.contestants import CONTESTANTS, DEFAULT, Place
from tests.benchmarks.measure import Load, measure
from tests.keeper import NoServer
from tests.services import empty_database


def main() -> int:
    """Measure, print the tables; 1 where an answer was refused, lost or not stored."""
    # So that every server is ended and every database dropped, whoever ends us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    try:
        with contextlib.ExitStack() as held:
            places = _places(options, held)
            runs = _run_all(options, places)
            about = _about(options, places)
    except NoServer as problem:
        print(problem, file=sys.stderr)
        return 1
    results = {key: report.median(list(several)) for key, several in runs.items()}
    print(f"{about['title']}\n\n{report.markdown(results)}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**about, "runs": _flat(runs)}, indent=1) + "\n")
    return 1 if any(result["failures"] for result in results.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--chargers", type=_levels, default=[1, 50, 500], help="default: 1,50,500")
    parser.add_argument("--seconds", type=float, default=6.0, help="measured time each (6)")
    parser.add_argument("--warmup", type=float, default=2.0, help="before it (2)")
    parser.add_argument("--rounds", type=int, default=1, help="of everything; the median counts")
    parser.add_argument(
        "--only", type=_names, default=list(DEFAULT), help=f"some of {','.join(CONTESTANTS)}"
    )
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument(
        "--kill", action="store_true", help="end each server by SIGKILL under full load"
    )
    parser.add_argument("--json", type=Path, help="write every figure to this file too")
    return parser.parse_args()


def _levels(text: str) -> list[int]:
    levels = [int(part) for part in text.split(",")]
    if not all(1 <= level <= 5000 for level in levels):
        raise argparse.ArgumentTypeError("chargers are numbers from 1 to 5000")
    return levels


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(CONTESTANTS):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return names


def _places(options: argparse.Namespace, held: contextlib.ExitStack) -> dict[str, Place]:
    """A database and a folder for every contestant, until ``held`` closes."""
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="voltdesk-bench-")))
    wanted = any(CONTESTANTS[name].on_postgresql for name in options.only)
    server = held.enter_context(database.postgresql()) if wanted else ""
    places = {}
    for name in options.only:
        own = folder / name
        own.mkdir()
        with_database = CONTESTANTS[name].on_postgresql
        url = held.enter_context(empty_database(server)) if with_database else ""
        places[name] = Place(url, own, options.server)
    return places


Runs = dict[tuple[str, int], list[dict[str, Any]]]


def _run_all(options: argparse.Namespace, places: dict[str, Place]) -> Runs:
    """Measure; rivals come right after each other, so that the machine's moods hit them alike."""
    runs: Runs = {}
    for round_ in range(1, options.rounds + 1):
        for chargers in options.chargers:
            for name, place in places.items():
                prefix = f"BENCH-{round_}-{chargers}-"
                load = Load(chargers, options.seconds, options.warmup, prefix, options.kill)
                result = measure(CONTESTANTS[name], place, load)
                runs.setdefault((name, chargers), []).append(result)
                _progress(name, result)
    return runs


def _progress(name: str, result: dict[str, Any]) -> None:
    verdict = "; ".join(result["failures"]) or "every answer is a row"
    if not CONTESTANTS[name].rows and not result["failures"]:
        verdict = "nothing to store"
    print(
        f"{name:12} {result['chargers']:4} chargers {result['rate']:10,.0f} msgs/s  {verdict}",
        file=sys.stderr,
        flush=True,
    )


def _about(options: argparse.Namespace, places: dict[str, Place]) -> dict[str, Any]:
    """What was measured on, for the title and the file."""
    urls = [place.database_url for place in places.values() if place.database_url]
    postgresql = database.version(urls[0]) if urls else None
    on = f"PostgreSQL {postgresql}, fsync on" if postgresql else "no PostgreSQL"
    machine = f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {on}, {options.server}"
    busy = os.getloadavg()[0]  # of the last minute: the run itself makes some 1.5
    return {
        "title": (
            f"Durable MeterValues (6 sampled values, answered after COMMIT): {machine}; "
            f"{options.seconds:g} s each, median of {options.rounds}; "
            f"load average {busy:.1f}"
            + (", every server killed under load" if options.kill else "")
        ),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "postgresql": postgresql,
        "load_average": busy,
        "server": options.server,
        "seconds": options.seconds,
        "warmup": options.warmup,
    }


def _flat(runs: Runs) -> list[dict[str, Any]]:
    return [
        {"contestant": name, **result} for (name, _), several in runs.items() for result in several
    ]


if __name__ == "__main__":
    sys.exit(main())
