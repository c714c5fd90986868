"""``python -m tests.simulator``: a fleet, a replay of recorded sessions, or the prior flow."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path

from tests.simulator.faults import parse_kinds
from tests.simulator.fleet import FleetOptions, run_fleet
from tests.simulator.prior_client import PriorOptions, run_prior_flow
from tests.simulator.replay import ReplayOptions, run_replay
from tests.simulator.summary import Summary

log = logging.getLogger("simulator")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as told; 0 if everything was said and answered, 1 if not, 2 if it could not begin."""
    options = _parser().parse_args(arguments)
    level = logging.DEBUG if options.verbose else logging.INFO
    logging.basicConfig(
        level=logging.WARNING if options.quiet else level,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    try:
        summary = asyncio.run(_until_signalled(options))
    except (OSError, ValueError) as error:
        log.error("%s", error)
        return 2
    except KeyboardInterrupt:  # the second Ctrl-C
        return 130
    _show(summary, as_json=options.json)
    return 0 if summary.drained else 1


async def _until_signalled(options: argparse.Namespace) -> Summary:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked_to_stop() -> None:
        log.warning("stopping")
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):  # a second one ends it at once
            loop.remove_signal_handler(number)

    with suppress(NotImplementedError):  # Windows
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked_to_stop)
    if options.until_input_closes:
        watch = threading.Thread(target=_wait_for_end_of_input, args=(loop, stop), daemon=True)
        watch.start()
    return await _run(options, stop)


def _wait_for_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The end of standard input is the end of the process that started this one."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with suppress(RuntimeError):  # this one has ended, too
        loop.call_soon_threadsafe(stop.set)


def _run(options: argparse.Namespace, stop: asyncio.Event) -> Coroutine[None, None, Summary]:
    if options.prior_flow:
        return run_prior_flow(_prior_options(options), stop)
    if options.replay is not None:
        return run_replay(_replay_options(options), stop)
    return run_fleet(_fleet_options(options), stop)


def _prior_options(options: argparse.Namespace) -> PriorOptions:
    return PriorOptions(
        url=options.url or PriorOptions.url,
        card=options.card,
        interval=options.interval,
        count=options.count,
        key=options.key,
        timeout=options.timeout,
        patience=options.patience or PriorOptions.patience,
    )


def _replay_options(options: argparse.Namespace) -> ReplayOptions:
    return ReplayOptions(
        url=options.url or _DEFAULT_URL,
        path=options.replay,
        speed=options.speed or 0.0,
        samples=options.samples,
        seed=options.seed,
        faults=options.faults,
        rates=_rates(options),
        only_stations=options.only_stations,
        limit=options.limit,
        key=options.key,
        timeout=options.timeout,
        patience=options.patience or ReplayOptions.patience,
        prefix=options.prefix or "",
    )


def _fleet_options(options: argparse.Namespace) -> FleetOptions:
    if options.speed == 0:
        raise ValueError("a fleet cannot run at full speed: give --speed a number above zero")
    return FleetOptions(
        url=options.url or _DEFAULT_URL,
        stations=options.stations,
        ids=options.ids,
        prefix=FleetOptions.prefix if options.prefix is None else options.prefix,
        cards=options.cards or FleetOptions.cards,
        seed=options.seed,
        speed=options.speed or 1.0,
        duration=options.duration,
        ramp=options.ramp,
        faults=options.faults,
        rates=_rates(options),
        key=options.key,
        timeout=options.timeout,
        patience=options.patience,
    )


def _rates(options: argparse.Namespace) -> dict[str, float]:
    return {} if options.fault_rate is None else dict.fromkeys(options.faults, options.fault_rate)


_DEFAULT_URL = "ws://127.0.0.1:3000/ocpp"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    add = parser.add_argument
    add("--url", help=f"without the station's id (default {_DEFAULT_URL})")
    add("--key", help="password for HTTP Basic, the same for all stations")
    add("--seed", type=int, default=1)
    add("--speed", type=_speed, help="station or data time per real time; 0 or max: full speed")
    add("--faults", type=_faults, default=(), metavar="KINDS", help="all, or drop,duplicate,...")
    add("--fault-rate", type=_share, help="0 to 1, for every kind chosen")
    add("--timeout", type=_positive, default=30.0, help="seconds to wait for an answer")
    add("--patience", type=_positive, help="seconds without a server (replay 120, fleet no end)")
    add("--json", action="store_true", help="the summary as JSON")
    add("--quiet", action="store_true")
    add("--verbose", action="store_true", help="show every frame")
    add("--until-input-closes", action="store_true", help="end when standard input does")
    _add_fleet(parser.add_argument_group("fleet"))
    _add_replay(parser.add_argument_group("replay"))
    _add_prior(parser.add_argument_group("the prior gateway's test flow"))
    return parser


def _add_fleet(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--stations", type=_count, default=6)
    add("--prefix", help="of the stations' ids (default SIM-)")
    add("--ids", type=_list, default=(), help="names the stations: CP1,CP2")
    add("--cards", type=_list, default=(), help="cards of the drivers: A,B,C")
    add("--duration", type=_positive, help="seconds (default: until Ctrl-C)")
    add("--ramp", type=float, default=2.0, help="seconds over which the stations connect")


def _add_replay(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--replay", type=Path, metavar="FILE", help="CSV of recorded sessions")
    add("--samples", type=_count, default=8, help="MeterValues per session")
    add("--only-stations", type=_list, default=())
    add("--limit", type=_count, help="play no more than so many sessions")


def _add_prior(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--prior-flow", action="store_true")
    add("--card", default=PriorOptions.card)
    add("--interval", type=_count, default=PriorOptions.interval)
    add("--count", type=_count, default=PriorOptions.count)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _speed(text: str) -> float:
    speed = 0.0 if text == "max" else float(text)
    if speed < 0:
        raise argparse.ArgumentTypeError("a speed is not below zero")
    return speed


def _faults(text: str) -> tuple[str, ...]:
    try:
        return parse_kinds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be above zero")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return number


def _show(summary: Summary, *, as_json: bool) -> None:
    told = summary.as_dict()
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
        return
    for name, value in told.items():
        sys.stdout.write(f"{name.replace('_', ' '):>16}  {value}\n")


if __name__ == "__main__":
    sys.exit(main())
