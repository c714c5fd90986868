"""What others made is here unchanged, with its licence."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.source import ROOT

pytestmark = pytest.mark.once
VENDOR = ROOT / "cms" / "static" / "vendor"


def sums() -> dict[str, str]:
    """The SHA-256 of every vendored file."""
    files = [path for path in sorted(VENDOR.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "README.md"
    }


def test_every_vendored_file_is_the_one_the_readme_names():
    told = re.findall(
        r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.M
    )
    assert dict(told) == sums()


def test_every_vendored_package_has_its_licence_beside_it():
    folders = [path for path in VENDOR.glob("*/*") if path.is_dir()]
    assert folders
    assert [str(path) for path in folders if not [*path.glob("*LICEN*")]] == []
