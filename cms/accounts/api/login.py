"""Logging in over REST: a short access token, a refresh token that rotates and can be revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.serializers import (
    TokenBlacklistSerializer,
    TokenObtainPairSerializer,
    TokenObtainSerializer,
    TokenRefreshSerializer,
)
from rest_framework_simplejwt.tokens import AccessToken
from rest_framework_simplejwt.views import TokenViewBase

from cms.accounts import codes, passwords, throttle
from cms.accounts.tokens import SEAL
from cms.shared.api import CamelCase

_CODE_WANTED = "This user has a second factor: send the code of the authenticator app as otp."
_CODE_WRONG = "The code is wrong, or was used already: wait for the next one."
_ENROL_FIRST = "A role of this user needs a second factor: set one up in the admin, then log in."


class TokenPair(CamelCase):
    """What a login gives."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer <access>`")
    refresh = serializers.CharField(help_text="Gives a new pair, once")
    access_expires_at = serializers.DateTimeField()


class Credentials(CamelCase):
    """Who logs in."""

    username = serializers.CharField()
    password = serializers.CharField(style={"input_type": "password"})
    otp = serializers.CharField(
        required=False,
        help_text="The code of the authenticator app, or a recovery code; of users who have one",
    )


class RefreshToken(CamelCase):
    """The refresh token of an earlier answer."""

    refresh = serializers.CharField()


class _PasswordAndCode(TokenObtainSerializer):
    """Checks the password, then the code of those who use one; both are counted when wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"] = serializers.CharField(max_length=150)
        self.fields["otp"] = serializers.CharField(required=False, allow_blank=True, max_length=20)

    def validate(self, attrs: dict[str, Any]) -> dict[Any, Any]:
        """Raises AuthenticationFailed (401), ValidationError (400) for ``otp``, Throttled (429)."""
        request, name = self.context["request"], attrs["username"]
        try:
            given = super().validate(attrs)
        except exceptions.AuthenticationFailed:
            if throttle.was_refused(request):
                raise too_often(request, name) from None
            raise
        self._check_code(request, name, attrs.get("otp", ""))
        return given

    def _check_code(self, request: Request, name: str, code: str) -> None:
        user: Any = self.user
        if not codes.enrolled(user):
            if codes.is_required(user):
                raise exceptions.PermissionDenied(_ENROL_FIRST, code="second_factor_missing")
            return
        if not code:
            raise exceptions.ValidationError({"otp": [_CODE_WANTED]})
        if codes.check(user, code) is None:
            throttle.was_wrong(request, name)
            if throttle.was_refused(request):
                raise too_often(request, name)
            raise exceptions.ValidationError({"otp": [_CODE_WRONG]})


class _Pair(TokenObtainPairSerializer, _PasswordAndCode):
    """A pair of tokens once that is checked."""

    @classmethod
    def get_token(cls, user: Any) -> Any:
        """With who it is, as apps of the EV Backend read it out of it, sealed by the password."""
        token = super().get_token(user)
        for name in ("username", "name", "email"):
            token[name] = getattr(user, name)
        token[SEAL] = passwords.seal(user)
        return token


class LogIn(TokenViewBase):
    """A pair of tokens for a user name and a password, and a code of those who use one."""

    serializer_class = _Pair
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


def too_often(request: Request, username: str) -> exceptions.Throttled:
    """What is said to who was wrong too often (429), with how long it lasts."""
    seconds = throttle.wait(request, username).total_seconds()
    return exceptions.Throttled(wait=seconds, detail="There were too many wrong logins from here.")


def _pair(tokens: dict[str, str]) -> dict[str, Any]:
    try:
        expires = AccessToken(tokens["access"]).payload["exp"]  # type: ignore[arg-type]
    except TokenError as error:  # it ran out while we looked at it
        raise InvalidToken(str(error)) from error
    return {**tokens, "accessExpiresAt": datetime.fromtimestamp(expires, UTC)}
