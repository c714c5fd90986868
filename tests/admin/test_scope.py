"""Who is limited to some sites meets nothing of another one, wherever they look.

What there is to look at is read from the registries: of the admin, of the API, and of the names
that sockets pass on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from django.urls.resolvers import RoutePattern

from billing.models import CorrectionRequest, ReportExport, TariffAssignment
from cms.accounts.models import ApiKey, User
from cms.api.urls import urlpatterns
from cms.shared import scoping
from stations.models import ChargingSession, CommandBatch, Site

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_MISSING = 987654321
# Rules that are functions, by what somebody at the site of the world's rows sees of them: the
# assignment counts everywhere, the key, the file and the correction are somebody else's.
_AT_THE_SITE = {
    CommandBatch: True,
    TariffAssignment: False,
    ApiKey: False,
    ReportExport: False,
    CorrectionRequest: False,
}
World = dict[type[Model], Any]


class Person(NamedTuple):
    """Somebody, and where they may look: at everything, or at these sites."""

    user: User
    client: Client
    may: bool = True
    sites: frozenset[int] | None = None

    def sees(self, row: Model) -> bool:
        """Whether they see this row; worked out from the row itself, without a query on rules."""
        rule = scoping.rule_of(type(row))
        if not self.may or rule is None:
            return False
        if self.sites is None or rule is scoping.everybody:
            return True
        if isinstance(rule, str):
            return _at(row, rule) in self.sites
        return rule is not scoping.nobody and _AT_THE_SITE[type(row)] and bool(self.sites)


def _at(row: Any, path: str) -> int | None:
    """The number of the site a path leads to."""
    for name in path.split("__"):
        if row is None or name == "pk":
            break
        row = getattr(row, name)
    return row.pk if row is not None else None


@pytest.fixture(params=["superuser", "operator", "at the site", "elsewhere", "powerless"])
def person(request: pytest.FixtureRequest, world: World, root: Client) -> Person:
    """Each kind of people there is."""
    if request.param == "superuser":
        return Person(User.objects.get(username="root"), root)
    user = User.objects.create_user("somebody", password="x", is_staff=True)
    if request.param != "powerless":
        user.user_permissions.set(Permission.objects.all())
    sites = None
    if request.param in ("at the site", "elsewhere"):
        south = Site.objects.create(name="South")
        site = world[Site] if request.param == "at the site" else south
        user.sites.set([site])
        sites = frozenset({site.pk})
    if request.param == "elsewhere":  # a batch that counts for those elsewhere would be theirs
        sites = frozenset({south.pk})
    client = Client()
    client.force_login(user)
    return Person(user, client, request.param != "powerless", sites)


def seen(person: Person, world: World, row: Model) -> bool:
    """The same, of functions too: elsewhere nobody sees what they choose."""
    elsewhere = person.sites is not None and world[Site].pk not in person.sites
    return person.sees(row) and not (elsewhere and type(row) in _AT_THE_SITE)


def pages(world: World) -> Iterator[tuple[Any, str, str]]:
    """A row, every address of the admin that names it, and the same of a row that is not there."""
    for model, model_admin in admin.site._registry.items():
        for url in model_admin.get_urls():
            assert isinstance(url.pattern, RoutePattern)
            if url.name is None or not url.pattern.converters:
                continue
            row = world[ChargingSession if "session_id" in url.pattern.converters else model]
            here = dict.fromkeys(url.pattern.converters, row.pk)
            nowhere = dict.fromkeys(here, _MISSING)
            name = f"admin:{url.name}"
            yield row, reverse(name, kwargs=here), reverse(name, kwargs=nowhere)


def said(response: Any) -> tuple[int, str]:
    """What an answer tells of whether there is something."""
    return response.status_code, response.headers.get("Location", "")


def test_lists_have_what_one_sees(person, world):
    for model, row in world.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        response = person.client.get(reverse(name))
        rule = scoping.rule_of(model)
        hidden = not person.may or (person.sites is not None and rule is scoping.nobody)
        assert response.status_code == (403 if hidden else 200), name
        if not hidden:
            listed = {found.pk for found in response.context["cl"].result_list}
            assert (row.pk in listed) == seen(person, world, row), name


def test_pages_and_dialogs_of_what_one_does_not_see_are_not_there(person, world):
    if not person.may:
        return  # tests/admin/test_permissions.py
    met = 0
    for row, here, nowhere in pages(world):
        if seen(person, world, row):
            continue
        met += 1
        assert said(person.client.get(here)) == said(person.client.get(nowhere)), f"GET {here}"
        with CaptureQueriesContext(connection) as queries:
            posted = person.client.post(here, {"token": "x"})
        assert said(posted) == said(person.client.post(nowhere, {"token": "x"})), f"POST {here}"
        written = [q["sql"] for q in queries if q["sql"].startswith(_WRITES)]
        assert not [sql for sql in written if "django_session" not in sql], f"POST {here}"
    assert met > 40 or person.sites is None


def test_pages_of_what_one_sees_are_there(person, world):
    for row, here, _ in pages(world):
        if seen(person, world, row):
            response = person.client.get(here)
            # Another page may be the one to see now, and a right of its own may be needed.
            assert response.status_code in (200, 302, 403), f"GET {here}: {response.status_code}"
            if here.endswith("/change/"):
                assert response.status_code == 200, here


class Endpoint(NamedTuple):
    """A view of the API: which rows its address names, and the same address of none."""

    name: str
    model: type[Model]
    methods: dict[str, str]
    rows: list[Any]
    here: str
    nowhere: str


def endpoints(world: World) -> Iterator[Endpoint]:
    """Every view of the API that is about a model."""
    for url in urlpatterns:
        view = getattr(getattr(url, "callback", None), "cls", None)
        if not isinstance(url, URLPattern) or view is None or not hasattr(view, "model"):
            continue
        here, nowhere, rows = {}, {}, []
        for part in url.pattern.converters:
            row = _named(part, view.model, world)
            rows.append(row)
            here[part] = _WRITTEN.get(part, lambda row: row.pk)(row)
            nowhere[part] = _MISSING
        yield Endpoint(
            str(url.name),
            view.model,
            url.callback.actions,  # type: ignore[attr-defined]
            rows,
            reverse(str(url.name), kwargs=here),
            reverse(str(url.name), kwargs=nowhere),
        )


_WRITTEN: dict[str, Any] = {
    "cp_id": lambda row: row.cp_id,
    "device_id": lambda row: row.cp_id,
    "tag_id": lambda row: row.id_tag,
    "number": lambda row: row.number,
}


def _named(part: str, model: type[Model], world: World) -> Any:
    """The row of the world a part of an address names; of every part it is said what that is."""
    assert part in scoping.names(), f"say in scoping.py of its app what {part} names"
    return world[scoping.names()[part](model, "1").model]


def is_limited_by(person: Person, world: World, endpoint: Endpoint) -> bool:
    """Whether one must not get at it, whatever one's rights."""
    if person.sites is None:
        return False
    beyond = scoping.rule_of(endpoint.model) is scoping.nobody
    return beyond or not all(seen(person, world, row) for row in endpoint.rows)


def call(client: Client, method: str, address: str) -> Any:
    """With nothing in it: whoever may not get there is not told what is wrong with that."""
    return client.generic(method.upper(), address, "{}", content_type="application/json")


_NOT_THERE = {"charger-active-sessions": (200, 403)}  # an empty list, wherever one sees none


def test_nothing_is_done_by_the_api_to_what_one_does_not_see(person, world):
    for endpoint in endpoints(world):
        if not is_limited_by(person, world, endpoint) or not endpoint.rows:
            continue
        for method in [*endpoint.methods]:
            with CaptureQueriesContext(connection) as queries:
                status = call(person.client, method, endpoint.here).status_code
            where = f"{method} {endpoint.here}"
            assert status == call(person.client, method, endpoint.nowhere).status_code, where
            assert status in _NOT_THERE.get(endpoint.name, (404, 403)), where
            assert not [q["sql"] for q in queries if q["sql"].startswith(_WRITES)], where


def test_the_api_shows_what_one_sees_and_nothing_else(person, world):
    operator = Client()
    operator.force_login(User.objects.get(username="root"))
    cp_id = b"CP-0001"
    for endpoint in endpoints(world):
        if "get" not in endpoint.methods or endpoint.name in _OWN:
            continue
        answer = person.client.get(endpoint.here)
        if not person.may:
            assert answer.status_code in (403, 404), endpoint.here
        elif is_limited_by(person, world, endpoint):
            assert answer.status_code in _NOT_THERE.get(endpoint.name, (404,)), endpoint.here
            assert answer.status_code == 404 or cp_id not in answer.content, endpoint.here
        elif person.sites is None or world[Site].pk in person.sites:
            assert answer.status_code == operator.get(endpoint.here).status_code, endpoint.here
        else:
            content = b"".join(answer) if answer.streaming else answer.content
            assert cp_id not in content, endpoint.here
            if isinstance(scoping.rule_of(endpoint.model), str) and not endpoint.rows:
                assert _rows(answer) == [], endpoint.here


# What one sees of oneself, whatever one is limited to
_OWN = {
    *("charging-history", "wallet", "wallet-postings", "wallet-statement", "wallet-statement-pdf"),
    *("invoices", "invoice", "invoice-lines", "invoice-pdf", "payments", "payment"),
    *("billing-exports", "billing-export", "billing-export-file"),
}


def _rows(answer: Any) -> list[Any]:
    """The rows of a list; of what is no list nothing of its site is in it, as was looked at."""
    shown = answer.json()
    return shown if isinstance(shown, list) else []


def test_sockets_pass_on_names_of_what_one_sees(person, world):
    if not person.may:
        return  # who hears names is staff; what names are of, the pages they fetch decide
    rows = {kind: model and world[model] for kind, model in scoping.kinds().items()}
    names = {f"{kind}:{row.pk if row else 0}": row for kind, row in rows.items()}
    told = scoping.audible(person.user, names)
    assert told == {name for name, row in names.items() if not row or seen(person, world, row)}
