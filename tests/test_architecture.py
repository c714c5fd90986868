"""The architecture as tests: who may import whom, and how large a thing may become."""

from __future__ import annotations

import ast
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.source import PACKAGES, ROOT, classes, functions, modules, tree

pytestmark = pytest.mark.once
CODE = (*PACKAGES, "scripts", "docker")
EVERYTHING = (*CODE, "tests")
ONLY_SOURCE = shutil.ignore_patterns("node_modules", "__pycache__", "results")
UPWARDS = {  # one import against each contract
    "rfid/apps.py": "import stations.apps",
    "cms/accounts/apps.py": "import rfid.apps",
    "billing/apps.py": "import cms.accounts.apps",
    "stations/models/stations.py": "import stations.services",
    "ocpp_gateway/rpc.py": "import ocpp_gateway.consumers",
    "ocpp_gateway/frames.py": "import django",
    "billing/rating/terms.py": "import django",
    "billing/documents/texts.py": "import django",
    "tests/conformance/__init__.py": "import cms.settings",
}


def too_large(sizes: dict[str, int], limit: int) -> dict[str, int]:
    """Those above the limit, for a failure that names them."""
    return {where: size for where, size in sizes.items() if size > limit}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the source in a folder."""
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True)


def test_imports_point_only_downwards():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contracts_notice_an_import_that_points_upwards(tmp_path):
    for package in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ONLY_SOURCE)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line in UPWARDS.items():
        with (tmp_path / file).open("a") as module:
            module.write(f"\n{line}\n")
    said = lint_imports(tmp_path).stdout
    names = [contract["name"] for contract in contracts().values()]
    assert [name for name in names if f"{name} BROKEN" not in said] == [], said


def contracts() -> dict[str, dict[str, Any]]:
    """The import contracts by their id."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["id"]: contract for contract in project["tool"]["importlinter"]["contracts"]}


def test_everything_on_the_roof_is_named_in_the_contract():
    roof = {*re.findall(r"cms\.(\w+)", contracts()["apps"]["layers"][0])}
    files = [*(ROOT / "cms").glob("*.py"), *(ROOT / "cms").glob("*/__init__.py")]
    found = {path.stem if path.parent.name == "cms" else path.parent.name for path in files}
    assert found - {"__init__", "accounts", "apps", "settings", "shared"} == roof


def test_half_of_the_functions_have_eight_lines_or_fewer():
    assert statistics.median(function.lines for function in functions(*PACKAGES)) <= 8


def test_nine_in_ten_functions_have_thirty_lines_or_fewer():
    sizes = [function.lines for function in functions(*PACKAGES)]
    assert statistics.quantiles(sizes, n=10)[-1] <= 30


def test_no_function_has_more_than_sixty_lines():
    assert too_large(dict(functions(*EVERYTHING)), 60) == {}


def test_no_file_has_more_than_three_hundred_lines():
    sizes = {str(path): len(path.read_text().splitlines()) for path in modules(*EVERYTHING)}
    assert too_large(sizes, 300) == {}


def test_no_file_of_a_dialect_has_more_than_150_lines():
    dialects = sorted(path.name for path in (ROOT / "ocpp_gateway").glob("v*") if path.is_dir())
    files = modules(*(f"ocpp_gateway/{name}" for name in dialects))
    assert files
    assert too_large({str(path): len(path.read_text().splitlines()) for path in files}, 150) == {}


def test_every_module_says_in_one_line_what_it_is_for():
    first = {
        path: (ast.get_docstring(tree(path)) or "").partition("\n\n")[0]
        for path in [ROOT / "manage.py", *modules(*EVERYTHING)]
        if path.read_text().strip()
    }
    assert [str(path) for path, line in first.items() if not line or "\n" in line] == []


def test_no_class_has_more_than_three_bases_of_ours():
    assert {cls.where: sorted(cls.bases) for cls in classes(*CODE) if len(cls.bases) > 3} == {}
