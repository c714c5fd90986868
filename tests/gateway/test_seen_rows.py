"""The table of what real chargers do: every row has its tests, and all of them exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.source import ROOT, tree

pytestmark = pytest.mark.once
TABLE = Path(__file__).with_name("README.md")
ROWS = {"C": 8, "F": 11, "S": 11, "K": 4}  # connection, frames and values, sessions, commands
_ROW = re.compile(r"^\| ([CFSK]\d+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)


def rows() -> dict[str, list[str]]:
    """The tests of each row, as the table names them."""
    return {row: re.findall(r"`([^`]+)`", named) for row, named in _ROW.findall(TABLE.read_text())}


def names_in(path: Path) -> set[str]:
    """The names of a file's tests."""
    found = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))
    return {node.name for node in found if node.name.startswith("test_")}


def test_every_row_is_there_once():
    wanted = {f"{kind}{number}" for kind, most in ROWS.items() for number in range(1, most + 1)}
    assert set(rows()) == wanted
    assert len(_ROW.findall(TABLE.read_text())) == len(wanted)


@pytest.mark.parametrize("row", sorted(rows()))
def test_the_tests_of_every_row_exist(row):
    named = rows()[row]
    assert named
    for name in named:
        file, _, function = name.partition("::")
        path = ROOT / "tests" / file
        assert path.is_file(), name
        assert names_in(path), name
        assert not function or function in names_in(path), name


def test_every_behaviour_that_was_seen_is_in_the_table():
    named = {name.partition("::")[0] for names in rows().values() for name in names}
    seen = {f"gateway/{path.name}" for path in Path(__file__).parent.glob("test_seen_*.py")}
    assert seen - {f"gateway/{Path(__file__).name}"} <= named
