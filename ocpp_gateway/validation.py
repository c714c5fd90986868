"""Payloads against the JSON schemas the ``ocpp`` package ships: the only place that knows how.

Two measures. Outbound is strict: every frame of ours passes its schema. Inbound is lenient where
real stations sin harmlessly: texts over their length, words missing from an enumeration, members
nobody asked for (reference: what real chargers do). Types and required members always count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import jsonschema_rs

Schema = dict[str, Any]
# What went wrong in the words of JSON Schema -> in those of OCPP-J 1.6, section 4.2.3.
# "Occurence" is the specification's own spelling.
_CODES = {
    "required": "OccurenceConstraintViolation",
    "minItems": "OccurenceConstraintViolation",
    "maxItems": "OccurenceConstraintViolation",
    "type": "TypeConstraintViolation",
    "additionalProperties": "FormationViolation",
}
# Formats, too: times are read by clock.parse, which takes more than RFC 3339.
_UNCHECKED = ("format",)
_LENIENT = ("maxLength", "enum", "additionalProperties", "format", "multipleOf")


# What the lenient measure lets pass -> how it is counted (stations.models.REPAIRS).
_ODDITIES = {
    "enum": "unknown_word",
    "maxLength": "long_text",
    "additionalProperties": "extra_member",
}


class Problem(NamedTuple):
    """One thing wrong with a payload."""

    field: str  # dotted path in the payload's own spelling; empty: the whole
    code: str  # the OCPP error code
    message: str  # for people


def check_call(action: str, payload: dict[str, Any]) -> list[Problem]:
    """What is wrong with a call we want to send; nothing: it may go out."""
    return _problems(_strict(action), payload)


def check_received(action: str, payload: dict[str, Any]) -> Problem | None:
    """The first thing wrong with a call a station sent, in the lenient measure."""
    return _first_problem(_lenient(action), payload)


def is_exact(action: str, payload: dict[str, Any]) -> bool:
    """Whether a call a station sent is as the specification has it; its times are not looked at."""
    valid: bool = _exact(action).is_valid(payload)
    return valid


def oddities(action: str, payload: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What was let pass in a call that is not exact: a name of REPAIRS, and which one it was."""
    for error in _exact(action).iter_errors(payload):
        kind = _ODDITIES.get(error.kind.name)
        if kind is not None:
            yield kind, _which(kind, error)


def check_answer(action: str, payload: dict[str, Any], *, strict: bool = False) -> Problem | None:
    """The first thing wrong with an answer: of a station, or (``strict``) one of ours."""
    return _first_problem((_strict if strict else _lenient)(f"{action}Response"), payload)


@cache
def schema(name: str) -> Schema:
    """The JSON schema of a payload as the specification has it, such as ``ResetResponse``.

    Raises FileNotFoundError for a name OCPP 1.6 does not know.
    """
    file = resources.files("ocpp.v16") / "schemas" / f"{name}.json"
    loaded: Schema = json.loads(file.read_text(encoding="utf-8-sig"))
    return loaded


def knows(action: str) -> bool:
    """Whether OCPP 1.6 (with its security extensions) has this action at all."""
    return action in _actions()


@cache
def _actions() -> frozenset[str]:
    files = (file.name for file in (resources.files("ocpp.v16") / "schemas").iterdir())
    names = {name.removesuffix(".json") for name in files if name.endswith(".json")}
    return frozenset(name for name in names if not name.endswith("Response"))


@cache
def _exact(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_loosened(schema(name), _UNCHECKED))


@cache
def _strict(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema(name))


@cache
def _lenient(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_loosened(schema(name), _LENIENT))


def _loosened(node: Any, rules: tuple[str, ...]) -> Any:
    """A schema without ``rules``: such as the limits that real stations overrun."""
    if isinstance(node, list):
        return [_loosened(item, rules) for item in node]
    if not isinstance(node, dict):
        return node
    loose = {key: _loosened(value, rules) for key, value in node.items() if key not in rules}
    if "properties" in node:  # its keys are members, and one of them is called "format"
        members = node["properties"].items()
        loose["properties"] = {name: _loosened(member, rules) for name, member in members}
    return loose


def _first_problem(validator: jsonschema_rs.Validator, payload: dict[str, Any]) -> Problem | None:
    """Only the first: to find all of a frame of wrong values takes a second of everybody's time."""
    try:
        validator.validate(payload)
    except jsonschema_rs.ValidationError as error:
        return next(_explained(error))
    return None


def _problems(validator: jsonschema_rs.Validator, payload: dict[str, Any]) -> list[Problem]:
    return [problem for error in validator.iter_errors(payload) for problem in _explained(error)]


def _explained(error: Any) -> Iterator[Problem]:
    rule = error.kind.name if hasattr(error.kind, "name") else str(error.kind)
    path = [str(part) for part in error.instance_path]
    code = _CODES.get(rule, "PropertyConstraintViolation")
    if rule == "required":
        member = error.kind.property
        yield Problem(".".join([*path, member]), code, f"{member} is missing")
    elif rule == "additionalProperties":
        for member in error.kind.unexpected:
            yield Problem(".".join([*path, member]), code, f"{member} is not expected here")
    else:
        yield Problem(".".join(path), code, _sentence(rule, error))


def _which(kind: str, error: Any) -> str:
    """What an oddity is about, short: the member, and the word where it is one."""
    path = ".".join(part for part in error.instance_path if isinstance(part, str))
    if kind == "extra_member":
        return ".".join(filter(None, [path, *error.kind.unexpected[:1]]))
    if kind == "long_text":
        return f"{path}: {len(error.instance)} characters"
    return f"{path}: {str(error.instance)[:60]}"


def _sentence(rule: str, error: Any) -> str:
    """A short sentence that repeats nothing the sender wrote."""
    name = str(error.instance_path[-1]) if error.instance_path else "the payload"
    if rule == "type":
        return f"{name} should be of type {_words(error.kind.types)}"
    if rule == "enum":
        return f"{name} should be one of {_words(error.kind.options)}"
    if rule == "maxLength":
        return f"{name} should have at most {error.kind.limit} characters"
    if rule == "multipleOf":
        return f"{name} should have at most one decimal"
    return f"{name} breaks the rule {rule}"


def _words(options: Any) -> str:
    found = options if isinstance(options, list) else [options]
    return ", ".join(str(option) for option in found)[:300]
