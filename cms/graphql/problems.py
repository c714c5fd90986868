"""What went wrong, as GraphQL says it: a sentence, ``extensions.code``, and the fields it is of."""

from __future__ import annotations

import re
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from rest_framework.exceptions import ValidationError

from cms.api import errors

PARSING, VALIDATION, INPUT = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
)
UNAUTHENTICATED, FORBIDDEN, LIMIT = "UNAUTHENTICATED", "FORBIDDEN", "LIMIT_EXCEEDED"
# The words of apps of the prior system (Apollo's) for those of our API; others in capitals
_CODES = {
    "not_authenticated": UNAUTHENTICATED,
    "authentication_failed": UNAUTHENTICATED,
    "token_not_valid": UNAUTHENTICATED,
    "no_active_account": UNAUTHENTICATED,
    "permission_denied": FORBIDDEN,
    "invalid": INPUT,
    "validation_error": INPUT,
    "parse_error": "BAD_REQUEST",
    "internal_error": "INTERNAL_SERVER_ERROR",
    "throttled": "TOO_MANY_REQUESTS",
}
# "Variable '$input' has invalid value at .update.zip: Int cannot represent ..."
_VARIABLE = re.compile(
    r"Variable '\$(?P<name>\w+)' (?:has|got) invalid value(?: at (?P<path>[^:]*))?:? (?P<why>.*)",
    re.S,
)


def explained(error: GraphQLError) -> GraphQLError:
    """``error`` with its code and fields, and nothing of how it came about."""
    if "code" in (error.extensions or {}):
        return error
    raised = error.original_error
    if isinstance(raised, RecursionError):
        return _made(error, "The document is nested too deeply", LIMIT)
    if raised is None or isinstance(raised, GraphQLError):
        return _of_document(error)
    said: dict[str, Any] = errors.handle(raised, {}).data
    return _made(error, said["error"], code_of(said["code"]), said.get("fields"))


def said_as(message: str, code: str, fields: Any = None) -> dict[str, Any]:
    """One error as the answer has it."""
    extensions = {"code": code, **({"fields": fields} if fields else {})}
    return {"message": message, "extensions": extensions}


def code_of(code: str) -> str:
    """The code for one of our API."""
    return _CODES.get(code, code.upper())


def wrong(field: str, problem: str) -> ValidationError:
    """What is wrong with one field of the input."""
    return ValidationError({field: [problem]})


def limited(message: str) -> GraphQLError:
    """A document that asks for too much."""
    return GraphQLError(message, extensions={"code": LIMIT})


def _of_document(error: GraphQLError) -> GraphQLError:
    """What graphql-core itself has against a document or its variables."""
    if isinstance(error, GraphQLSyntaxError):
        return _made(error, error.message, PARSING)
    if found := _VARIABLE.match(error.message):
        name = f"{found['name']}{found['path'] or ''}"
        return _made(error, error.message, INPUT, {name: [found["why"]]})
    return _made(error, error.message, VALIDATION)


def _made(error: GraphQLError, message: str, code: str, fields: Any = None) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=said_as(message, code, fields)["extensions"],
    )
