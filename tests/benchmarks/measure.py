"""One measurement: start a server, load it, compare what it acknowledged with what it stored."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

from tests.benchmarks.contestants import Contestant, Place
from tests.benchmarks.load import DRAIN_SECONDS, LEAVE_SECONDS, SETUP_SECONDS
from tests.benchmarks.servers import ROOT, NotRunning, running
from tests.keeper import free_port


class Load(NamedTuple):
    """How much load, and the names the stations get (new ones each time: the rows stay)."""

    chargers: int
    seconds: float
    warmup: float
    prefix: str
    kill: bool

    @property
    def longest(self) -> float:
        """Seconds after which the generator cannot be at work any more."""
        return self.warmup + self.seconds + SETUP_SECONDS + DRAIN_SECONDS + LEAVE_SECONDS + 15


def measure(contestant: Contestant, place: Place, load: Load) -> dict[str, Any]:
    """The generator's result (see load.py) with ``stored`` and what is wrong in ``failures``.

    Whatever goes wrong becomes a failure of this measurement; the next one can still be made.
    """
    port = free_port()
    try:
        before = contestant.rows(place) if contestant.rows else 0
        # Start, load and stop: twice the generator's longest time is beyond all of them.
        server = contestant.server(place, port)
        with running(server, port=port, lifetime=2 * load.longest) as pid:
            result = _generate(load, port, pid)
            # Counted while the server still runs, so that no tidy shutdown can help it.
            after = contestant.rows(place) if contestant.rows else 0
    except (NotRunning, subprocess.SubprocessError) as error:
        return {"chargers": load.chargers, "rate": 0.0, "failures": {str(error): 1}}
    if contestant.rows:
        result["stored"] = after - before
        _compare(result, killed=load.kill)
    return result


def _compare(result: dict[str, Any], *, killed: bool) -> None:
    """Every answer must be a row; a row without an answer is right only where the server died."""
    stored, acknowledged = result["stored"], result["acknowledged"]
    if stored < acknowledged:
        result["failures"]["answered, but not stored"] = acknowledged - stored
    elif stored > (result["sent"] if killed else acknowledged):
        result["failures"]["stored, but not answered"] = stored - acknowledged


def _generate(load: Load, port: int, pid: int) -> dict[str, Any]:
    """Run the load generator; raises SubprocessError where it does not end well."""
    command = [sys.executable, "-m", "tests.benchmarks.load", "--port", str(port)]
    command += ["--chargers", str(load.chargers), "--prefix", load.prefix]
    command += ["--seconds", str(load.seconds), "--warmup", str(load.warmup)]
    command += ["--server-pid", str(pid), *(["--kill"] if load.kill else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=load.longest)
    if done.returncode:
        raise subprocess.SubprocessError(f"The load generator broke:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result
