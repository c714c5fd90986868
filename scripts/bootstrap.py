"""Makes .venv and installs a pinned requirements file: `python3 scripts/bootstrap.py base`.

Standard library only, and readable by Python 3.7, so that an old one can look for a newer.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OWNER = VENV / ".voltdesk-made-for"  # the folder this .venv was made for
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
UV = shutil.which("uv")  # many times faster than pip, and optional
SETS = ("base", "development")  # each contains the one before it


class CannotGoOn(Exception):
    """What the person at the keyboard has to do before this can work."""


def main(arguments: list[str]) -> int:
    """Run from the command line; returns the exit status."""
    if len(arguments) != 1 or arguments[0] not in SETS:
        return complain(f"usage: bootstrap.py {'|'.join(SETS)}")
    if sys.version_info[:2] < OLDEST:
        return run_by_a_newer_python(arguments)
    try:
        with only_one_at_a_time():
            ensure(arguments[0])
    except CannotGoOn as problem:
        return complain(str(problem))
    except KeyboardInterrupt:
        return complain("interrupted; run it again to continue")
    return 0


def complain(text: str) -> int:
    """Say on stderr what is wrong; returns the exit status to leave with."""
    print(f"voltdesk: {text}", file=sys.stderr)
    return 1


def run_by_a_newer_python(arguments: list[str]) -> int:
    """Replace this process by the newest suitable interpreter; returns only if there is none."""
    for name in NEWER:
        found = shutil.which(name)
        # A version manager's shim may stand on PATH without a Python behind it: ask it.
        if found and version_of(found) >= OLDEST:
            os.execv(found, [found, str(Path(__file__).resolve()), *arguments])
    here = ".".join(map(str, sys.version_info[:3]))
    return complain(
        f"Python 3.11 or newer is needed, and python3 is {here}. Install one (Debian and Ubuntu: "
        "apt install python3.11 python3.11-venv) so that python3.11 or newer is on PATH."
    )


def version_of(interpreter: str | Path) -> tuple[int, ...]:
    """The (major, minor) of an interpreter, or () when it does not run."""
    question = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [str(interpreter), "-I", "-c", question], capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(map(int, answer.stdout.split()))


@contextlib.contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Hold the project folder's own lock: two bootstraps at once would write the same files."""
    import fcntl  # not on Windows, where this script can still explain itself up to here

    folder = os.open(ROOT, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a network file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def ensure(wanted: str) -> None:
    """Bring .venv to the state of requirements/<wanted>.txt; does nothing when it is there."""
    usable = venv_is_usable()
    if usable and any(is_current(name) for name in SETS[SETS.index(wanted) :]):
        return
    if not usable:
        create_venv()
    for name in SETS:
        stamp(name).unlink(missing_ok=True)
    install(wanted)
    stamp(wanted).write_text(state(wanted))


def venv_is_usable() -> bool:
    """Whether .venv runs, is new enough and, where we made it, was made for this very folder."""
    if version_of(PYTHON) < OLDEST:
        return False
    # The scripts in .venv/bin name their interpreter: a moved or copied folder needs its own.
    return not OWNER.exists() or OWNER.read_text() == str(VENV)


def stamp(name: str) -> Path:
    """Where .venv remembers the requirement set it holds."""
    return VENV / f".voltdesk-{name}"


def state(name: str) -> str:
    """What the stamp of a finished installation says."""
    return hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()


def is_current(name: str) -> bool:
    """Whether the last finished installation of this set was of today's file."""
    return stamp(name).exists() and stamp(name).read_text() == state(name)


def create_venv() -> None:
    """Make an empty .venv, replacing ours when it is half made, too old or of another folder."""
    if VENV.exists() and not OWNER.exists():
        raise CannotGoOn(f"{VENV} exists, was not made by this script and does not work: move it")
    ask_for_ensurepip()
    print(f"voltdesk: making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    OWNER.write_text(str(VENV))  # first, so that an interrupted attempt is known as ours
    run([sys.executable, "-m", "venv", *(["--without-pip"] if UV else []), str(VENV)])


def ask_for_ensurepip() -> None:
    """Debian and Ubuntu ship Python without what makes virtual environments."""
    if importlib.util.find_spec("venv") and (UV or importlib.util.find_spec("ensurepip")):
        return
    raise CannotGoOn(
        "this Python cannot make a virtual environment. Debian and Ubuntu: apt install python3-venv"
        f" (or python{sys.version_info[0]}.{sys.version_info[1]}-venv), then run it again."
    )


def install(name: str) -> None:
    """Install one requirements file, every archive checked against its hash."""
    requirements = ROOT / "requirements" / f"{name}.txt"
    count = sum(1 for line in requirements.read_text().splitlines() if line[:1].isalnum())
    print(f"voltdesk: installing {count} packages (about a minute the first time)", flush=True)
    options = ["--quiet", "--require-hashes", "-r", str(requirements)]
    if UV:
        run([UV, "pip", "install", "--python", str(PYTHON), *options])
        return
    if subprocess.run([str(PYTHON), "-I", "-c", "import pip"], capture_output=True).returncode:
        run([str(PYTHON), "-I", "-m", "ensurepip"])
    pip = [str(PYTHON), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]
    run([*pip, "install", *options])


def run(command: list[str]) -> None:
    """Run a tool with its own output shown; raises CannotGoOn when it fails."""
    # A person's habits (PIP_USER, an activated environment) must not redirect the installation.
    habits = {"PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV"}
    environment = {key: value for key, value in os.environ.items() if key not in habits}
    if subprocess.run(command, cwd=str(ROOT), env=environment).returncode:
        raise CannotGoOn(f"this failed (its own words stand above): {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
