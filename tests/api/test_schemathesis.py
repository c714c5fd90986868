"""Schemathesis asks whatever the OpenAPI document allows: no answer is one it does not describe."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cms.accounts import keys
from cms.accounts.models import Scope
from tests.api.conftest import NOW
from tests.api.test_robustness import names

pytestmark = [pytest.mark.once, pytest.mark.django_db]
__all__ = ["names"]  # a fixture
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 6


@pytest.fixture
def asked(api: Any) -> Any:
    """The document, as an app finds it; requests leave the test's own connection open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/schema", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_answer_is_described(
    method: str, asked: Any, names: dict[str, Any], user: Any
) -> None:
    _, api_key = keys.create(name="any", user=user, scopes=list(Scope.values), at=NOW)
    found = [one.ok() for one in asked.include(method=method.upper()).get_all_operations()]
    caller = f"Api-Key {api_key}"
    problems = [text for one in found for text in problems_of(one, names, caller)]
    assert found
    assert not problems, "\n\n".join(problems)


def problems_of(operation: Any, names: dict[str, Any], caller: str) -> list[str]:
    """What is wrong with the answers of one operation to a caller, by their Authorization."""
    problems: dict[str, str] = {}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        if known:
            case.path_parameters = {name: str(names[name]) for name in case.path_parameters or ()}
        if case.path.startswith(("/api/admin/", "/api/me/")):  # no station is going to answer
            case.query = {**(case.query or {}), "wait": "0"}
        with transaction.atomic():
            response = case.call(headers={"Authorization": caller, "Accept-Encoding": "identity"})
            transaction.set_rollback(True)
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                said = f"{operation.label}\n{failure}\n{response.content[:300]!r}"
                problems.setdefault(f"{failure.title} {response.status_code}", said)

    ask()
    return list(problems.values())
