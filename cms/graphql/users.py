"""People: ``me``, ``login``, and accounts made and changed."""

from __future__ import annotations

from typing import Any, cast

import strawberry
import strawberry_django
from rest_framework.exceptions import PermissionDenied, Throttled
from rest_framework.throttling import ScopedRateThrottle
from strawberry import UNSET
from strawberry.types import Info

from cms.accounts import people
from cms.accounts.api.login import LogIn
from cms.accounts.models import User
from cms.graphql.callers import ADDING, CHANGING, Caller, needs, person
from cms.graphql.fields import asking
from cms.graphql.numbers import number
from cms.graphql.problems import wrong
from cms.shared import clock
from cms.shared.errors import DomainError, NotFound

_LARGEST_ZIP = 2**31
_ZIP = "postal_code"


@strawberry_django.type(User, name="User")
class UserType:
    """A person. ``zip`` is the postal code where it is a number, as apps of old expect it."""

    id: int = strawberry_django.field(field_name="pk")
    username: str
    email: str
    phone: str
    country: str
    state: str
    address: str
    unit: str
    city: str
    postal_code: str
    is_active: bool

    @strawberry_django.field(only=["first_name", "last_name"])
    def name(self: Any) -> str:
        """First and last name."""
        return str(self.name)

    @strawberry_django.field(only=[_ZIP])
    def zip(self: Any) -> int | None:
        """Null where it has letters, or none is known: postalCode has it as it is."""
        text = self.postal_code
        is_number = text.isascii() and text.isdigit() and len(text) < 11
        return int(text) if is_number and int(text) < _LARGEST_ZIP else None


@strawberry.input
class UpdateUser:
    """What is changed; what is not said stays, null empties it."""

    name: str | None = UNSET
    email: str | None = UNSET
    phone: str | None = UNSET
    country: str | None = UNSET
    state: str | None = UNSET
    address: str | None = UNSET
    unit: str | None = UNSET
    city: str | None = UNSET
    zip: int | None = UNSET
    postal_code: str | None = UNSET


@strawberry.input
class CreateUser:
    """A new account: a telephone number is needed."""

    phone: str
    username: str | None = UNSET
    password: str | None = UNSET
    name: str | None = UNSET
    email: str | None = UNSET
    country: str | None = UNSET
    state: str | None = UNSET
    address: str | None = UNSET
    unit: str | None = UNSET
    city: str | None = UNSET
    zip: int | None = UNSET
    postal_code: str | None = UNSET


@strawberry.input
class CreateOneUserInput:
    """Who is made."""

    user: CreateUser


@strawberry.input
class UpdateOneUserInput:
    """Who is changed, and how."""

    id: strawberry.ID
    update: UpdateUser


@strawberry.input
class LoginInput:
    """Who logs in; ``otp`` is the code of those who use one."""

    username: str
    password: str
    otp: str | None = None


@strawberry.type
class LoginResult:
    """A token for ``Authorization: Bearer``."""

    access_token: str


@strawberry.type
class UserQueries:
    """What the root has of people."""

    @strawberry.field
    @asking
    def me(self, info: Info[Caller, None]) -> UserType:
        """Who asks."""
        user: UserType = person(info.context)
        return user


@strawberry.type
class UserMutations:
    """What the root changes of people."""

    @strawberry.mutation
    @asking
    def login(self, info: Info[Caller, None], input: LoginInput) -> LoginResult:
        """Log in by name and password; wrong ones count as over REST."""
        request = info.context.request
        if request is None:
            raise PermissionDenied("One logs in over HTTP")
        throttle: Any = ScopedRateThrottle()
        if not throttle.allow_request(request, LogIn):
            raise Throttled(throttle.wait())
        said = {"username": input.username, "password": input.password, "otp": input.otp or ""}
        serializer: Any = LogIn.serializer_class(data=said, context={"request": request})
        serializer.is_valid(raise_exception=True)
        return LoginResult(access_token=serializer.validated_data["access"])

    @strawberry.mutation
    @asking
    def create_one_user(self, info: Info[Caller, None], input: CreateOneUserInput) -> UserType:
        """An account without any power, by who may add users."""
        needs(info.context, User, ADDING)
        said = vars(input.user)
        fields = _fields(said, "input.user")
        username = said["username"] or said["email"] or _plain(input.user.phone)
        user: Any = _written(
            "input.user",
            lambda: people.create(
                username=username or "", fields=fields, password=said["password"] or None
            ),
        )
        return cast(UserType, user)

    @strawberry.mutation
    @asking
    def update_one_user(self, info: Info[Caller, None], input: UpdateOneUserInput) -> UserType:
        """Yourself; others by who may change users, but nobody who works here."""
        user: Any = _meant(info.context, input.id)
        fields = _fields(vars(input.update), "input.update")
        user = _written(
            "input.update", lambda: people.change(user=user, fields=fields, at=clock.now())
        )
        return cast(UserType, user)


def _meant(caller: Caller, said: str) -> User:
    """Whose account it is. Raises NotFound, PermissionDenied, ValidationError."""
    asks, wanted = person(caller), number(said, "input.id")
    if wanted == asks.pk and not caller.is_program:
        return User.objects.get(pk=wanted)
    needs(caller, User, CHANGING)
    user = User.objects.filter(pk=wanted).first()
    if user is None:
        raise NotFound(
            "There is no customer %(customer)s",
            fields={"input.id": ["is not known here"]},
            customer=wanted,
        )
    if user.is_staff or user.is_superuser:
        raise PermissionDenied("Accounts of who works here are changed in the admin")
    return user


def _fields(said: dict[str, Any], path: str) -> dict[str, str]:
    """What is written, as ``people`` has it. Raises ValidationError."""
    known = {name: said[name] for name in people.FIELDS if said.get(name, UNSET) is not UNSET}
    if said["zip"] is not UNSET:
        if known.get(_ZIP):
            raise wrong(f"{path}.zip", "should not be said besides postalCode")
        known[_ZIP] = "" if said["zip"] is None else str(said["zip"])
    return {name: value or "" for name, value in known.items()}


def _written(path: str, write: Any) -> Any:
    try:
        return write()
    except DomainError as error:
        error.fields = {f"{path}.{name}": texts for name, texts in error.fields.items()}
        raise


def _plain(phone: str) -> str:
    """A telephone number as a user name: no blanks, brackets or dashes."""
    return "".join(each for each in phone if each.isdigit() or each == "+")
