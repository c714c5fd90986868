"""Holds every frame of the system under test against JSON schemas of two different authors.

Those the PyPI package ``ocpp`` ships, and those in the npm package ``ocpp-rpc``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs

from tests import npm
from tests.conformance.node import HERE

# OCPP-J 1.6, section 4.2.3; "Occurence" is the specification's own spelling.
ERROR_CODES = {
    *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError"),
    *("FormationViolation", "PropertyConstraintViolation", "OccurenceConstraintViolation"),
    *("TypeConstraintViolation", "GenericError"),
}


class Judge:
    """Sees both directions of one socket; the first frame that is wrong raises an exception."""

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}  # what the station asked and was not yet answered
        self._owed: set[str] = set()  # what the system asked and was not yet answered
        self._ids: set[str] = set()
        self.payloads: dict[str, Any] = {}  # of the system's calls, by action, in order

    def sent(self, text: str) -> None:
        """The station sent this."""
        try:
            kind, unique_id, *rest = json.loads(text)
        except ValueError:
            return  # no frame: nothing is owed for it
        if kind == 2:
            self._asked[unique_id] = rest[0]
        else:
            self._owed.discard(unique_id)

    def forgives(self, unique_id: str) -> None:
        """The station never answers this: the system may go on once it is tired of waiting."""
        self._owed.discard(unique_id)

    def received(self, text: str) -> None:
        """The system sent this."""
        frame = json.loads(text)
        assert isinstance(frame, list), text
        readers: dict[int, Callable[..., None]]
        readers = {2: self._call, 3: self._result, 4: self._error}
        readers[frame[0]](*frame[1:])

    def _call(self, unique_id: str, action: str, payload: Any) -> None:
        assert 0 < len(unique_id) <= 36
        assert unique_id not in self._ids, "an id is used once"
        assert not self._owed, "one call is open at a time (section 4.1.1)"
        self._ids.add(unique_id)
        self._owed.add(unique_id)
        self.payloads[action] = payload
        check(action, payload)

    def _result(self, unique_id: str, payload: Any) -> None:
        check(f"{self._asked.pop(unique_id)}Response", payload)

    def _error(self, unique_id: str, code: str, description: str, details: Any) -> None:
        del self._asked[unique_id]
        assert code in ERROR_CODES
        assert code != "InternalError", "what the station got wrong is not our failure"
        assert len(description) <= 255
        assert isinstance(details, dict)

    @property
    def is_satisfied(self) -> bool:
        """Whether everything that was asked was answered."""
        return not self._asked


def check(name: str, payload: Any) -> None:
    """Raise ValidationError where ``payload`` breaks either schema, to the letter."""
    for validator in (_of_pypi(name), _of_npm()[name]):
        validator.validate(payload)


@cache
def _of_pypi(name: str) -> jsonschema_rs.Validator:
    file = resources.files("ocpp.v16") / "schemas" / f"{name}.json"
    schema = json.loads(file.read_text(encoding="utf-8-sig"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)


@cache
def _of_npm() -> dict[str, jsonschema_rs.Validator]:
    npm.installed(HERE, "ocpp-rpc")
    file = HERE / "node_modules" / "ocpp-rpc" / "lib" / "schemas" / "ocpp1_6.json"
    validators = {}
    for schema in json.loads(file.read_text()):  # "urn:Reset.req", "urn:Reset.conf"
        action, kind = schema.pop("$id").removeprefix("urn:").rsplit(".")
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        validators[action + ("Response" if kind == "conf" else "")] = validator
    return validators
