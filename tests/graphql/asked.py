"""Documents sent over HTTP, as somebody."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from cms.accounts.models import User
from stations.models import Site
from tests.api.conftest import caller

PATH = "/graphql"


def stranger() -> APIClient:
    """Nobody known."""
    return APIClient()


def app_of(user: User) -> APIClient:
    """The app of somebody, with their token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
    return client


def program(*scopes: str, name: str = "program") -> APIClient:
    """A program with an API key of these scopes."""
    user, _ = User.objects.get_or_create(username=name)
    return caller(user, *scopes)


def operator(*permissions: str, name: str = "operator", site: Site | None = None) -> APIClient:
    """Staff with these permissions (by codename), maybe limited to a site."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    if site is not None:
        user.sites.add(site)
    return app_of(user)


def administrator(name: str = "root") -> APIClient:
    """Who may do everything."""
    return app_of(User.objects.create_superuser(name))


def answer(client: APIClient, query: str, **variables: Any) -> dict[str, Any]:
    """The whole answer to a document."""
    body = {"query": query, "variables": variables}
    response = client.post(PATH, body, format="json")
    assert response.status_code == 200, response.content
    said: dict[str, Any] = response.json()
    return said


def data(client: APIClient, query: str, **variables: Any) -> Any:
    """What the only field of a document gives; no error."""
    said = answer(client, query, **variables)
    assert "errors" not in said, said
    [value] = said["data"].values()
    return value


def refusal(client: APIClient, query: str, **variables: Any) -> tuple[str, Any]:
    """Code and fields of the first error."""
    extensions = answer(client, query, **variables)["errors"][0]["extensions"]
    return extensions["code"], extensions.get("fields")
