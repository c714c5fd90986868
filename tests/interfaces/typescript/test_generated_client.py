"""A TypeScript client generated from our OpenAPI document, and an app that uses it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from tests import npm

pytestmark = pytest.mark.once
HERE = Path(__file__).resolve().parent
PATIENCE_S = 300


@pytest.fixture(scope="module")
def node() -> str:
    """The path of node, with what package.json asks for installed."""
    return npm.installed(HERE, "typescript")


@pytest.fixture(scope="module")
def project(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an app's developer has it: the packages, and the types made of the document."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    shutil.copy(HERE / "tsconfig.json", folder)
    document = APIClient().get("/api/schema").json()
    (folder / "schema.json").write_text(json.dumps(document), encoding="utf-8")
    generator = "node_modules/openapi-typescript/bin/cli.js"
    made = run(node, generator, "schema.json", "--output", "schema.d.ts", folder=folder)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a command did in that folder."""
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def checked(node: str, project: Path) -> str:
    """What TypeScript says of the project; nothing where it is right."""
    return run(node, "node_modules/typescript/bin/tsc", "--project", ".", folder=project).stdout


def test_an_app_of_the_generated_client_type_checks(node: str, project: Path) -> None:
    shutil.copy(HERE / "app.ts", project)
    assert checked(node, project) == ""


def test_an_app_that_asks_for_what_is_not_described_does_not(node: str, project: Path) -> None:
    text = (HERE / "app.ts").read_text(encoding="utf-8")
    (project / "app.ts").write_text(text.replace("energyKwh", "energy"), encoding="utf-8")
    assert "Property 'energy' does not exist" in checked(node, project)
