"""What a clone contains: its variables, its pins, its files, and nothing of anybody's machine."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from cms.settings.env import VARIABLES
from tests.source import PACKAGES, ROOT, modules, tree

pytestmark = pytest.mark.once
GIVEN_FOLDERS = (*PACKAGES, "templates", "requirements", "docker", "tests")
GIVEN_FILES = [
    *("manage.py", "pyproject.toml", "Makefile", ".ci/run", ".env.example"),
    *("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE"),
]
GIVEN_PACKAGES = [
    *("django", "channels", "daphne", "channels-redis", "djangorestframework", "django-filter"),
    *("celery", "redis", "psycopg", "ocpp"),
]
# Not part of a clone: what running makes, and what belongs to one installation.
LOCAL = {
    *(".git", ".venv", ".env", "data", "media", "staticfiles", "node_modules", "results"),
    *("__pycache__", ".hypothesis", ".import_linter_cache"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache"),
}
MACHINE = re.compile(r"(?<![\w>}])/(?:root|work|home/\w+|Users/\w+)/")
PACKAGE_HOST = re.compile(
    r"index-url|find-links|trusted-host|pythonhosted\.org|registry\.npmjs|proxy\.golang"
    r'|"resolved":\s*"https?:'
)
THIS_FILE = Path(__file__).resolve()


def own_files() -> list[Path]:
    """The files a clone would have, those not yet committed included."""
    paths = (path for path in ROOT.rglob("*") if path.is_file() and path != THIS_FILE)
    return [path for path in sorted(paths) if not LOCAL & {*path.relative_to(ROOT).parts}]


def matches(pattern: re.Pattern[str]) -> list[str]:
    """Where our own files say what they must not."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in own_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def pins(name: str) -> set[str]:
    """The package==version lines of requirements/<name>.txt, without hashes and markers."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if re.match(r"[\w.-]+==", line)}


def read_variables() -> set[str]:
    """The names the settings ask env for."""
    calls = (
        node
        for path in modules("cms/settings")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("env", "env.required")
    )
    return {ast.literal_eval(call.args[0]) for call in calls}


def environment_uses(path: Path) -> list[str]:
    """The places of a module that touch the environment, but for naming the settings module."""
    statements = (node for node in ast.walk(tree(path)) if isinstance(node, ast.expr))
    lines = {ast.unparse(node) for node in statements}
    touched = {text for text in lines if re.fullmatch(r"os\.(environ|getenv).*", text)}
    naming = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', "
    if any(text.startswith(naming) for text in touched):
        touched -= {text for text in touched if text.startswith(naming)}
        touched -= {"os.environ", "os.environ.setdefault"}
    return sorted(touched)


def test_the_example_names_every_variable_and_no_other():
    example = (ROOT / ".env.example").read_text()
    named = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)
    assert sorted(named) == sorted(VARIABLES)


def test_the_settings_read_every_variable_and_no_other():
    assert read_variables() == set(VARIABLES)


def test_nothing_but_the_settings_reads_the_environment():
    code = [path for path in modules(*PACKAGES) if "settings" not in path.parts]
    assert {str(path): uses for path in code if (uses := environment_uses(path))} == {}


def test_nothing_says_where_it_was_written():
    assert matches(MACHINE) == []


def test_nothing_says_where_packages_come_from():
    assert matches(PACKAGE_HOST) == []


def test_every_given_path_exists():
    assert [name for name in GIVEN_FOLDERS if not (ROOT / name).is_dir()] == []
    assert [name for name in GIVEN_FILES if not (ROOT / name).is_file()] == []


def test_the_script_for_every_change_runs_the_test_command_of_the_readme():
    assert re.search(r"^    make test\b", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


def test_the_script_for_every_change_runs_the_browser_tests():
    assert re.search(r"^make test-browser$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", ["base", "production", "development"])
def test_every_pin_has_a_hash(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert {line.split()[0] for line in lines} == pins(name)
    assert [line for line in lines if "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("name", ["production", "development"])
def test_every_set_contains_the_base_set(name):
    # `make run` takes an environment made for development as it is: see scripts/bootstrap.py.
    assert pins("base") <= pins(name)


def test_the_pins_are_those_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for name, asked in {"base": project["dependencies"], **extras}.items():
        exact = {re.sub(r"\[.*?]|;.*", "", line) for line in asked if "==" in line}
        assert exact <= pins(name)


@pytest.mark.parametrize("package", GIVEN_PACKAGES)
def test_every_given_package_is_in_the_base_set(package):
    assert package in {pin.partition("==")[0] for pin in pins("base")}
