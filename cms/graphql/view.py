"""``/graphql`` over HTTP: POST carries an operation; GET is a page to try them in development.

Callers are known by a token or an API key, never by the cookie of a page: so no other site can make
somebody's browser ask (and Django's CSRF token is not needed).
"""

from __future__ import annotations

import logging
from typing import Any

from csp.decorators import csp
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from graphql import GraphQLError
from rest_framework.exceptions import MethodNotAllowed, ParseError, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from cms.accounts.authentication import ApiKeyAuthentication, TokenAuthentication
from cms.graphql import problems
from cms.graphql.callers import UNAUTHORIZED, Caller
from cms.graphql.schema import schema
from cms.settings.policies import DOCS
from cms.shared.api import OrjsonParser

logger = logging.getLogger(__name__)
_OVER_HTTP = (OperationType.QUERY, OperationType.MUTATION)


@method_decorator(csp(DOCS), name="dispatch")
class GraphQL(APIView):
    """Whoever asks: what they may is asked by the fields."""

    authentication_classes = (ApiKeyAuthentication, TokenAuthentication)
    permission_classes = (AllowAny,)
    parser_classes = (OrjsonParser,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The page. Raises MethodNotAllowed (405) where it is not development."""
        if not settings.DEBUG:
            raise MethodNotAllowed("GET")
        return render(request._request, "graphql/explorer.html")

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        """Carry out one operation: 200, whatever comes of it, as GraphQL has it."""
        query, variables, name = _asked(request.data)
        caller = Caller(user=request.user, auth=request.auth, request=request)
        try:
            result = schema.execute_sync(
                query,
                variable_values=variables,
                context_value=caller,
                operation_name=name,
                allowed_operation_types=_OVER_HTTP,
            )
        except (CannotGetOperationTypeError, InvalidOperationTypeError) as error:
            raise ValidationError({"query": [_why(error)]}) from None
        said: dict[str, Any] = {"data": result.data}
        if result.errors:
            said = {"errors": [_formatted(error) for error in result.errors], **said}
        return Response(said)

    def handle_exception(self, exc: Exception) -> Response:
        """An error of GraphQL. Who is not known by what they present hears it as apps expect it:

        200 and the word Unauthorized.
        """
        answer = super().handle_exception(exc)
        told: dict[str, Any] = answer.data
        said = problems.said_as(told["error"], problems.code_of(told["code"]), told.get("fields"))
        if said["extensions"]["code"] == problems.UNAUTHENTICATED:
            said["extensions"]["reason"] = said["message"]
            said["message"] = UNAUTHORIZED
            answer.status_code = 200
        answer.data = {"errors": [said], "data": None}
        return answer


def _asked(body: Any) -> tuple[str, dict[str, Any] | None, str | None]:
    """Document, variables, and which operation of it. Raises ParseError, ValidationError."""
    if not isinstance(body, dict):
        raise ParseError("The body should be an object with a member query")
    query, variables, name = (body.get(each) for each in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip():
        raise ValidationError({"query": ["should be a GraphQL document"]})
    if not isinstance(variables, dict | None):
        raise ValidationError({"variables": ["should be an object"]})
    if not isinstance(name, str | None):
        raise ValidationError({"operationName": ["should be a text"]})
    return query, variables, name


def _why(error: CannotGetOperationTypeError | InvalidOperationTypeError) -> str:
    if isinstance(error, InvalidOperationTypeError):
        return "subscriptions are served over a WebSocket (graphql-transport-ws)"
    return error.as_http_error_reason()


def _formatted(error: GraphQLError) -> Any:
    return problems.explained(error).formatted
