"""A clean environment: what the tester has set must not decide what a test sees."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cms.settings.env import VARIABLES
from tests.processes import ROOT

SECONDS = 180  # far more than it takes: only a command that hangs is ended by it


@pytest.fixture
def manage(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``manage.py check`` (or another command) with these variables and no others of ours."""

    def run(*command: str, settings: str = "cms.settings.local", **variables: str):
        environment = {**os.environ, **dict.fromkeys(VARIABLES, ""), "DATA_DIR": str(tmp_path)}
        environment |= {"DJANGO_SETTINGS_MODULE": settings, **variables}
        return subprocess.run(
            [sys.executable, "manage.py", *(command or ("check",))],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    return run
