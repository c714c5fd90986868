"""Reads our own source as syntax trees, for the tests that judge its shape."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cms", "stations", "billing", "rfid", "ocpp_gateway")


class Function(NamedTuple):
    """A function or method and its physical lines, docstring and decorators' target included."""

    where: str
    lines: int


class Class(NamedTuple):
    """A class and those of its bases, near and far, that are ours."""

    where: str
    bases: frozenset[str]


def modules(*folders: str) -> list[Path]:
    """The hand-written Python files below these folders of the project."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in sorted(found) if not {"migrations", "node_modules"} & {*path.parts}]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


def functions(*folders: str) -> Iterator[Function]:
    """Every function below these folders, methods and inner functions included."""
    for path in modules(*folders):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield Function(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines)


def classes(*folders: str) -> list[Class]:
    """Every class below these folders with all its ancestors among them, found by name."""
    found = [
        (f"{path.relative_to(ROOT)} {node.name}", node.name, {_last_name(b) for b in node.bases})
        for path in modules(*folders)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    ]
    direct: dict[str, set[str]] = {}
    for _, name, bases in found:  # classes of one name (Meta, Command) are taken together
        direct.setdefault(name, set()).update(bases)

    def ancestors(bases: set[str], seen: frozenset[str]) -> frozenset[str]:
        for base in (bases & direct.keys()) - seen:
            seen = ancestors(direct[base], seen | {base})
        return seen

    return [Class(where, ancestors(bases, frozenset())) for where, _, bases in found]


def _last_name(base: ast.expr) -> str:
    """`Model` of `models.Model`, of `Model` and of `Model[int]`."""
    if isinstance(base, ast.Subscript):
        return _last_name(base.value)
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
