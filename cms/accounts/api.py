"""Logging in over REST: a short access token, a refresh token that rotates and can be revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.serializers import (
    TokenBlacklistSerializer,
    TokenObtainPairSerializer,
    TokenRefreshSerializer,
)
from rest_framework_simplejwt.tokens import AccessToken
from rest_framework_simplejwt.views import TokenViewBase

from cms.shared.api import CamelCase, route


class TokenPair(CamelCase):
    """What a login gives."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer <access>`")
    refresh = serializers.CharField(help_text="Gives a new pair, once")
    access_expires_at = serializers.DateTimeField()


class Credentials(CamelCase):
    """Who logs in."""

    username = serializers.CharField()
    password = serializers.CharField(style={"input_type": "password"})


class RefreshToken(CamelCase):
    """The refresh token of an earlier answer."""

    refresh = serializers.CharField()


class LogIn(TokenViewBase):
    """A pair of tokens for a user name and a password."""

    serializer_class = TokenObtainPairSerializer
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "login"

    @extend_schema(request=Credentials, responses={200: TokenPair}, operation_id="auth_token")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Log in. Limited in how often: 429 says when to try again."""
        return Response(_pair(super().post(request, *args, **kwargs).data))


class Refresh(TokenViewBase):
    """A new pair of tokens for a refresh token, which is used up by it."""

    serializer_class = TokenRefreshSerializer

    @extend_schema(request=RefreshToken, responses={200: TokenPair}, operation_id="auth_refresh")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Stay logged in."""
        try:
            return Response(_pair(super().post(request, *args, **kwargs).data))
        except ObjectDoesNotExist:  # its user was deleted
            raise InvalidToken from None


class LogOut(TokenViewBase):
    """Revokes a refresh token."""

    serializer_class = TokenBlacklistSerializer

    @extend_schema(request=RefreshToken, responses={204: None}, operation_id="auth_logout")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Log out: the refresh token is worth nothing from now on."""
        super().post(request, *args, **kwargs)
        return Response(status=204)


def _pair(tokens: dict[str, str]) -> dict[str, Any]:
    try:
        expires = AccessToken(tokens["access"]).payload["exp"]  # type: ignore[arg-type]
    except TokenError as error:  # it ran out while we looked at it
        raise InvalidToken(str(error)) from error
    return {**tokens, "accessExpiresAt": datetime.fromtimestamp(expires, UTC)}


urlpatterns = [
    route("auth/token", LogIn.as_view(), "auth-token"),
    route("auth/refresh", Refresh.as_view(), "auth-refresh"),
    route("auth/logout", LogOut.as_view(), "auth-logout"),
]
