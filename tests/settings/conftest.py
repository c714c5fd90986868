"""A clean environment: what the tester has set must not decide what a test sees."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cms.settings.env import VARIABLES
from tests.processes import ROOT

SECONDS = 15.0  # "within seconds", on a machine that is busy with other tests


@pytest.fixture
def manage(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``manage.py check`` (or another command) with these variables and no others of ours."""

    def run(*command: str, settings: str = "cms.settings.local", **variables: str):
        environment = {**os.environ, **dict.fromkeys(VARIABLES, ""), "DATA_DIR": str(tmp_path)}
        environment |= {"DJANGO_SETTINGS_MODULE": settings, **variables}
        since = time.monotonic()
        done = subprocess.run(
            [sys.executable, "manage.py", *(command or ("check",))],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert time.monotonic() - since < SECONDS
        return done

    return run
