"""People over REST, as operators administer them: /api/users."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.db.models import QuerySet, Value
from django.db.models.functions import Upper
from django_filters import CharFilter
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.accounts import administering
from cms.accounts.administering import Powers
from cms.accounts.limits import is_above, is_superuser
from cms.accounts.models import User
from cms.shared import clock
from cms.shared.api import CamelCaseModel, Filters, HasScope, YesNo
from cms.shared.api.permissions import needed
from cms.shared.errors import Conflict, NotFound

_POWERS = ("is_staff", "is_superuser", "groups")
_SHOWN: dict[str, Any] = {
    **{"id": 7, "username": "ann@example.com", "name": "Ann Berg", "email": "ann@example.com"},
    **{"emailVerified": True, "phone": "+1 305 555 0100", "country": "USA", "state": "Florida"},
    **{"address": "1 Ocean Drive", "unit": "12", "city": "Miami", "zip": "33139"},
    **{"isActive": True, "isStaff": False, "isSuperuser": False, "groups": []},
    **{"joinedAt": "2026-01-15T10:30:00Z", "lastLogin": None},
}
_DRIVER = OpenApiExample("A driver", value=_SHOWN, response_only=True)


class UserSerializer(CamelCaseModel):
    """A person. Only superusers, logged in, write ``isStaff``, ``isSuperuser`` and ``groups``."""

    username = serializers.CharField(
        required=False, max_length=150, help_text="Of a new user; without it the e-mail"
    )
    name = serializers.CharField(allow_blank=True, max_length=301, required=False)
    email = serializers.CharField(allow_blank=True, required=False)
    email_verified = serializers.BooleanField(read_only=True)
    phone = serializers.CharField(allow_blank=True, required=False)
    zip = serializers.CharField(source="postal_code", allow_blank=True, required=False)
    password = serializers.CharField(
        write_only=True,
        required=False,
        trim_whitespace=False,
        max_length=1000,
        help_text="Without one, nobody logs in",
    )
    groups = serializers.SlugRelatedField(
        slug_field="name", many=True, required=False, queryset=Group.objects.all()
    )
    joined_at = serializers.DateTimeField(source="date_joined", read_only=True)

    class Meta:
        model = User
        fields = (
            *("id", "username", "password", "name", "email", "email_verified", "phone"),
            *("country", "state", "address", "unit", "city", "zip"),
            *("is_active", "is_staff", "is_superuser", "groups", "joined_at", "last_login"),
        )
        read_only_fields = ("id", "joined_at", "last_login")


class UserFilters(Filters):
    """Which people."""

    username = CharFilter(label="The name they log in by")
    email = CharFilter(method="with_email", label="Letter case does not count")
    is_active = YesNo()
    is_staff = YesNo()

    def with_email(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Those with this e-mail, along its index."""
        found: QuerySet[Any] = rows.alias(folded=Upper("email")).filter(folded=Upper(Value(value)))
        return found


class UserAccess(HasScope):
    """The permissions of the admin; a key needs them of its user as well as its scope."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``."""
        user, permission = request.user, needed(view, request.method or "")
        if not user.is_authenticated or not super().has_permission(request, view):
            return False
        self.message = f"You lack the permission {permission}."
        return user.is_staff and user.has_perm(permission)


class UserViews(GenericViewSet[User]):
    """People who work with the system or charge at it, newest first."""

    model = User
    permission_classes = (UserAccess,)
    queryset = User.objects.prefetch_related("groups")
    serializer_class = UserSerializer
    filterset_class = UserFilters
    keyset = ("-id",)

    @extend_schema(operation_id="users_list", examples=[_DRIVER])
    def list(self, request: Request) -> Response:
        """All of them, page by page."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        responses={201: UserSerializer},
        operation_id="users_create",
        examples=[
            OpenApiExample(
                "A driver",
                value={
                    "name": "Ann Berg",
                    "email": "ann@example.com",
                    "password": "staple 7 horse",
                },
                request_only=True,
            ),
            _DRIVER,
        ],
    )
    def create(self, request: Request) -> Response:
        """A new account without any power; 409 where the name or the e-mail is there already."""
        said = self._said(request)
        powers = _powers(request, said)
        said.pop("is_active", None)  # a new one is open
        user = administering.create(
            username=said.pop("username", ""),
            password=said.pop("password", None),
            powers=powers,
            fields=said,
        )
        return Response(self.get_serializer(user).data, status=201)

    @extend_schema(operation_id="users_retrieve", examples=[_DRIVER])
    def retrieve(self, request: Request, user_id: str) -> Response:
        """One of them."""
        return Response(self.get_serializer(self._user(user_id)).data)

    @extend_schema(
        operation_id="users_change",
        examples=[
            OpenApiExample("Another address", value={"city": "Tampa"}, request_only=True),
            _DRIVER,
        ],
    )
    def partial_update(self, request: Request, user_id: str) -> Response:
        """Change what is named; `isActive` shuts an account or opens it again."""
        user, said = self._theirs(request, user_id), self._said(request, partial=True)
        powers = _powers(request, said)
        if "username" in said:
            raise serializers.ValidationError({"username": ["cannot be changed"]})
        is_active = said.pop("is_active", None)
        if is_active is False and user == request.user:
            raise Conflict("You cannot shut your own account")
        password = said.pop("password", None)
        if password is not None and user.is_staff and not is_superuser(request):
            raise PermissionDenied("Only superusers give people who work here a password.")
        administering.change(
            user=user,
            fields=said,
            at=clock.now(),
            password=password,
            is_active=is_active,
            powers=powers,
        )
        return Response(self.get_serializer(self._user(user_id)).data)

    def _said(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = self.get_serializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def _user(self, user_id: str) -> User:
        user: User | None = self.get_queryset().filter(pk=int(user_id)).first()
        if user is None:
            raise NotFound("User not found")
        return user

    def _theirs(self, request: Request, user_id: str) -> User:
        """One whose account the caller could not gain by. Raises PermissionDenied, NotFound."""
        user = self._user(user_id)
        if is_above(request, user) or (_is_key(request) and user.is_staff):
            raise PermissionDenied("This user may do more than you: somebody else changes them.")
        return user


class DeactivationViews(UserViews):
    """Shutting accounts."""

    permissions: ClassVar[dict[str, str]] = {"POST": "accounts.change_user"}

    @extend_schema(
        request=None,
        responses=UserSerializer,
        operation_id="users_deactivate",
        examples=[OpenApiExample("Shut", value={**_SHOWN, "isActive": False}, response_only=True)],
    )
    def deactivate(self, request: Request, user_id: str) -> Response:
        """Shut an account: its tokens, sessions and keys open nothing from now on."""
        user = self._theirs(request, user_id)
        if user == request.user:
            raise Conflict("You cannot shut your own account")
        administering.change(user=user, fields={}, at=clock.now(), is_active=False, powers=Powers())
        return Response(self.get_serializer(user).data)


def _powers(request: Request, said: dict[str, Any]) -> Powers:
    """Take what is about powers out of ``said``. Raises PermissionDenied for who gives none."""
    found = Powers(**{name: said.pop(name, None) for name in _POWERS})
    if found.are_named and (_is_key(request) or not is_superuser(request)):
        raise PermissionDenied("Only superusers, logged in, hand out isStaff, isSuperuser, groups.")
    return found


def _is_key(request: Request) -> bool:
    return getattr(request.auth, "scopes", None) is not None
