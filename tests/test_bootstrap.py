"""scripts/bootstrap.py: makes the virtual environment once, and says what is missing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.source import ROOT

pytestmark = pytest.mark.once
NO_UV = "/bin"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of nothing but the script and requirements, which are empty."""
    folder = tmp_path / "project"
    (folder / "requirements").mkdir(parents=True)
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "bootstrap.py", folder / "scripts")
    for name in ("base", "development"):
        (folder / "requirements" / f"{name}.txt").write_text(f"# {name}\n")
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> str:
    """A PATH with a uv that has nothing to install: making environments with pip takes seconds."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "uv").write_text("#!/bin/sh\nexit 0\n")
    (folder / "uv").chmod(0o755)
    return f"{folder}:{NO_UV}"


@pytest.fixture
def made(project: Path, tools: str) -> Path:
    """The project with a .venv that holds the development set."""
    done = bootstrap(project, "development", path=tools)
    assert done.returncode == 0, done.stderr
    return project


def bootstrap(
    project: Path, *arguments: str, path: str, before: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the script by this Python with this PATH; ``before`` changes what it sees."""
    script = str(project / "scripts" / "bootstrap.py")
    program = f"import runpy, sys; sys.argv = [{script!r}, *{arguments!r}]; {before}\n"
    program += f"runpy.run_path({script!r}, run_name='__main__')"
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def a_wheel(folder: Path) -> Path:
    """The smallest package pip installs: an empty module named tiny."""
    wheel, about = folder / "tiny-1.0-py3-none-any.whl", "tiny-1.0.dist-info"
    files = {
        "tiny.py": "",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def test_pip_installs_only_what_has_the_pinned_hash(project):
    wheel = a_wheel(project)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    python = project / ".venv" / "bin" / "python"
    pins = {"": 1, f" --hash=sha256:{'0' * 64}": 1, f" --hash=sha256:{digest}": 0}
    for pin, status in pins.items():
        (project / "requirements" / "base.txt").write_text(f"tiny @ {wheel.as_uri()}{pin}\n")
        assert bootstrap(project, "base", path=NO_UV).returncode == status
        found = subprocess.run([python, "-c", "import tiny"], capture_output=True)
        assert found.returncode == status
        assert (project / ".venv" / ".voltdesk-base").exists() == (status == 0)


def test_it_makes_an_environment_of_the_projects_own(made):
    asked = [made / ".venv" / "bin" / "python", "-c", "import sys; print(sys.prefix)"]
    assert subprocess.check_output(asked, text=True).strip() == str(made / ".venv")


def test_it_does_nothing_the_second_time(made, tools):
    again = bootstrap(made, "development", path=tools)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_it_takes_the_development_set_as_covering_the_base_set(made, tools):
    assert bootstrap(made, "base", path=tools).stdout == ""


def test_it_installs_again_when_the_requirements_changed(made, tools):
    (made / "requirements" / "development.txt").write_text("# changed\n")
    assert "installing" in bootstrap(made, "development", path=tools).stdout


def test_it_installs_again_what_another_set_may_have_replaced(made, tools):
    requirements = made / "requirements" / "development.txt"
    before = requirements.read_text()
    requirements.write_text("# changed\n")
    assert "installing" in bootstrap(made, "base", path=tools).stdout
    requirements.write_text(before)
    assert "installing" in bootstrap(made, "development", path=tools).stdout


def test_it_makes_a_new_environment_for_a_moved_folder(made, tools):
    moved = made.rename(made.with_name("moved"))
    assert "making .venv" in bootstrap(moved, "base", path=tools).stdout


def test_it_repairs_its_own_broken_environment(made, tools):
    (made / ".venv" / "bin" / "python").unlink()
    assert "making .venv" in bootstrap(made, "base", path=tools).stdout


def test_it_never_removes_an_environment_it_did_not_make(project, tools):
    (project / ".venv").mkdir()
    (project / ".venv" / "precious").touch()
    refused = bootstrap(project, "base", path=tools)
    assert refused.returncode == 1
    assert "was not made by this script" in refused.stderr
    assert (project / ".venv" / "precious").exists()


def test_it_says_which_debian_package_is_missing(project):
    blind = "import importlib.util; find = importlib.util.find_spec; "
    blind += "importlib.util.find_spec = lambda name: None if name == 'ensurepip' else find(name)"
    refused = bootstrap(project, "base", path=NO_UV, before=blind)
    assert refused.returncode == 1
    assert "apt install python3-venv" in refused.stderr
    assert not (project / ".venv").exists()


def test_it_says_that_python_is_too_old(project):
    old = "sys.version_info = (3, 9, 2)"
    refused = bootstrap(project, "base", path="/nowhere", before=old)
    assert refused.returncode == 1
    assert "Python 3.11 or newer is needed, and python3 is 3.9.2" in refused.stderr


def test_it_finds_a_newer_python_on_the_path(project, tools):
    folder = Path(tools.partition(":")[0])
    (folder / "python3.14").write_text("#!/bin/sh\nexit 1\n")  # a shim with nothing behind it
    (folder / "python3.14").chmod(0o755)
    (folder / "python3.13").symlink_to(sys.executable)
    done = bootstrap(project, "base", path=tools, before="sys.version_info = (3, 9, 2)")
    assert done.returncode == 0, done.stderr
    assert (project / ".venv" / ".voltdesk-base").exists()


def test_it_lets_only_one_of_two_do_the_work(project, tools):
    command = [sys.executable, str(project / "scripts" / "bootstrap.py"), "base"]
    environment = {**os.environ, "PATH": tools}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("making .venv" in text for text in said) == [False, True]


def test_it_refuses_a_set_it_does_not_know(project):
    refused = bootstrap(project, "everything", path=NO_UV)
    assert refused.returncode == 1
    assert "usage" in refused.stderr
