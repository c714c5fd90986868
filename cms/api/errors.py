"""One JSON form for every error of the API: a code for programs, a sentence for people."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response

from cms.shared import errors, texts

logger = logging.getLogger(__name__)
_WHOLE = ("", "non_field_errors", "__all__")  # names of errors that belong to no field
_AWAY = (OperationalError, InterfaceError, RedisError)  # an engine that will be back
_RETRY_SECONDS = 5
_UNKNOWN = "Something went wrong here. It was written down, and trying again may help."


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Turn ``error``, raised by a view, into its answer."""
    if isinstance(error, errors.DomainError):
        said, fields = texts.localised(error.message), texts.of_fields(error.fields)
        return Response(body(error.code, said, fields), _status(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound(*error.args)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(*error.args)
    if isinstance(error, exceptions.APIException):
        return _refused(error)
    if isinstance(error, _AWAY):
        return _away(error, context)
    return _failed(error, context)


def body(code: str, error: str, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """The form of every error."""
    return {"code": code, "error": error, **({"fields": fields} if fields else {})}


@csrf_exempt
def unknown_path(request: HttpRequest) -> JsonResponse:
    """The answer for a path of the API that leads nowhere."""
    return JsonResponse(body("not_found", f"There is nothing at {request.path}"), status=404)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404 outside of views: JSON below /api, a page elsewhere."""
    return (
        unknown_path(request) if _is_api(request) else defaults.page_not_found(request, exception)
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400 outside of views, such as a host name that is not ours."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return JsonResponse(body("bad_request", "This request cannot be read."), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 outside of views; Django has written it down."""
    if not _is_api(request):
        return defaults.server_error(request)
    return JsonResponse(body("internal_error", _UNKNOWN), status=500)


def _is_api(request: HttpRequest) -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def _status(error: errors.DomainError) -> int:
    if isinstance(error, errors.NotFound):
        return 404
    return 409 if isinstance(error, errors.Conflict) else 400


def _refused(error: exceptions.APIException) -> Response:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = f"{error.wait:.0f}"  # type: ignore[attr-defined]
    return Response(_explained(error), error.status_code, headers=headers)


def _explained(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error.detail)
    detail: Any = error.detail
    if isinstance(detail, dict):  # a token that is not valid: {detail, code, messages}
        detail = detail.get("detail", error.default_detail)
    return body(str(getattr(detail, "code", error.default_code)), str(detail))


def _invalid(detail: Any) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    sentences = []
    for name, message in _flat(detail, ""):
        named = not name or message.startswith(name)  # the sentence says itself what it is about
        sentences.append(message if named else f"{name}: {message}")
        if name:
            fields.setdefault(name, []).append(message)
    return body("validation_error", "; ".join(sentences)[:1000], fields)


def _flat(detail: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every message in ``detail``, with the dotted name of the field it is about."""
    if isinstance(detail, dict):
        for part, inner in detail.items():
            inside = name if part in _WHOLE else f"{name}.{part}".lstrip(".")
            yield from _flat(inner, inside)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, name)
    else:
        yield name, str(detail)


def _failed(error: Exception, context: dict[str, Any]) -> Response:
    """Our own mistake: written down in full, told in one sentence."""
    request = context.get("request")
    logger.error("%s %s failed", *_asked(request), exc_info=error)
    got_request_exception.send(sender=type(context.get("view")), request=request)
    return Response(body("internal_error", _UNKNOWN), 500)


def _away(error: Exception, context: dict[str, Any]) -> Response:
    """The database or Redis does not answer. A login is refused, too: nobody counts its tries."""
    logger.error("%s %s failed: %s", *_asked(context.get("request")), error)
    refusal = body("unavailable", "This is not available now. Try again in a moment.")
    return Response(refusal, 503, headers={"Retry-After": str(_RETRY_SECONDS)})


def _asked(request: Any) -> tuple[str, str]:
    return (request.method, request.path) if request is not None else ("", "")
