"""What services refuse with, read off the sources: the literals in errors and in Texts.

A DomainError, ``of_field`` of one, and a Text say in English, with named places, what people read;
so their templates can be found without being marked.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

_ROOT = "DomainError"
_PLACES = re.compile(r"%\(\w+\)[sd]")


Errors = Mapping[str, bool]  # by name: whether it is raised with a text, or says its own


def texts(path: Path, errors: Errors) -> Iterator[str]:
    """The templates in a source, where ``errors`` are all errors of services."""
    for node in _said(path, errors):
        text = node.value if isinstance(node, ast.Constant) else ""
        if isinstance(text, str) and re.search(r"[^\W\d_]", _PLACES.sub("", text)):
            yield text


def worked_out(path: Path, errors: Errors) -> Iterator[str]:
    """Texts of errors that are no literals: f-strings, which no catalogue has, and variables."""
    for node in _said(path, errors):
        is_text = isinstance(node, ast.Call) and _name(node.func) in ("Text", "of_lazy")
        if not isinstance(node, ast.Constant) and not is_text:
            yield ast.unparse(node)


def errors_of(paths: Iterable[Path]) -> Errors:
    """DomainError and all that come from it."""
    trees = [ast.walk(_tree(path)) for path in paths]
    classes = [node for tree in trees for node in tree if isinstance(node, ast.ClassDef)]
    found, before = {_ROOT: True}, 0
    while len(found) > before:
        before = len(found)
        for node in classes:
            if any(_name(base) in found for base in node.bases):
                found[node.name] = not any(_name(part) == "__init__" for part in node.body)
    return found


def _said(path: Path, errors: Errors) -> Iterator[ast.expr]:
    """What stands where a text is wanted."""
    source = _tree(path)
    inits = {id(call) for call in _inits(source, errors)}
    for node in ast.walk(source):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            at = 1 if name == "of_field" else 0
            wanted = errors.get(name) or name in ("Text", "of_field") or id(node) in inits
            if wanted and len(node.args) > at and not isinstance(node.args[at], ast.Starred):
                yield node.args[at]
                yield from _of_fields(node)


def _inits(source: ast.Module, errors: Errors) -> Iterator[ast.Call]:
    """What errors with a text of their own tell the one they come from."""
    for owner in ast.walk(source):
        if isinstance(owner, ast.ClassDef) and owner.name in errors and owner.name != _ROOT:
            calls = (node for node in ast.walk(owner) if isinstance(node, ast.Call))
            yield from (call for call in calls if _name(call.func) == "__init__")


def _of_fields(call: ast.Call) -> Iterator[ast.expr]:
    for keyword in call.keywords:
        if keyword.arg == "fields" and isinstance(keyword.value, ast.Dict):
            for value in keyword.value.values:
                yield from value.elts if isinstance(value, ast.List) else ()


def _name(node: ast.AST) -> str:
    said = (getattr(node, kind, None) for kind in ("attr", "id", "name"))
    return next((str(name) for name in said if name), "")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())
