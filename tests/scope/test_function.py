"""The one function that says what somebody limited to some sites sees."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, ProtectedError

from cms.accounts import keys
from cms.accounts.models import SiteLimit, User
from cms.shared import clock, scoping
from cms.shared.errors import DomainError
from stations.models import BatchItem, ChargingStation, Command, CommandBatch, Site
from tests.source import PACKAGES, modules

OURS = ("accounts", "rfid", "stations", "billing", "ocpp_gateway")


@pytest.fixture
def north(db: None) -> Site:
    """A site."""
    return Site.objects.create(name="North")


@pytest.fixture
def south(db: None) -> Site:
    """Another one."""
    return Site.objects.create(name="South")


@pytest.fixture
def stands(north: Site, south: Site) -> dict[str, ChargingStation]:
    """A station at each site, and one at none."""
    sites = {"north": north, "south": south, "nowhere": None}
    return {
        name: ChargingStation.objects.create(cp_id=name, site=site) for name, site in sites.items()
    }


def person(*sites: Site, **more: Any) -> User:
    """Somebody limited to these sites."""
    user = User.objects.create_user(f"user{User.objects.count()}", **more)
    user.sites.set(sites)
    return user


def seen(user: Any) -> set[str]:
    """The stations they see."""
    return {station.cp_id for station in scoping.visible(user, ChargingStation.objects.all())}


def test_who_is_limited_sees_the_stations_of_their_sites_and_none_that_stand_nowhere(stands, north):
    assert seen(person(north)) == {"north"}


def test_several_sites_add_up(stands, north, south):
    assert seen(person(north, south)) == {"north", "south"}


def test_who_is_not_limited_sees_everything(stands):
    assert seen(person()) == {"north", "south", "nowhere"}


def test_a_superuser_is_not_limited(stands, north):
    assert seen(person(north, is_superuser=True)) == {"north", "south", "nowhere"}


def key_of(user: User, *sites: Site) -> User:
    """The user as they come in with a key limited to these sites."""
    _, secret = keys.create(
        name="key", user=user, scopes=["read"], at=clock.now(), sites=list(sites)
    )
    found = keys.find(secret, at=clock.now())
    assert found is not None
    return found.user


def test_a_key_is_limited_as_its_user_is(stands, north):
    assert seen(key_of(person(north))) == {"north"}


def test_a_key_may_be_limited_where_its_user_is_not_even_a_superuser(stands, north):
    assert seen(key_of(person(), north)) == {"north"}
    assert seen(key_of(person(is_superuser=True), north)) == {"north"}


def test_a_key_sees_what_it_and_its_user_may_see(stands, north, south):
    assert seen(key_of(person(north, south), south)) == {"south"}


def test_a_key_whose_user_lost_its_site_sees_nothing(stands, north, south):
    assert seen(key_of(person(north), south)) == set()


def test_who_is_not_limited_costs_one_query_and_a_superuser_none(stands, django_assert_num_queries):
    user, root = person(), person(is_superuser=True)
    with django_assert_num_queries(1):
        for _ in range(3):
            scoping.visible(user, ChargingStation.objects.all())
            scoping.visible(root, ChargingStation.objects.all())


def test_a_site_that_somebody_is_limited_to_cannot_go(north):
    person(north)
    with pytest.raises(ProtectedError):
        north.delete()


def test_a_limit_goes_with_its_user(north):
    person(north).delete()
    assert not SiteLimit.objects.exists()


def test_a_batch_is_seen_by_who_sees_all_of_its_stations(stands, north, south):
    own, mixed = (
        CommandBatch.objects.create(title=title, requested_at=clock.now()) for title in "ab"
    )
    for batch, names in ((own, ["north"]), (mixed, ["north", "south"])):
        for name in names:
            BatchItem.objects.create(batch=batch, station=stands[name], action="Reset")
    rows = CommandBatch.objects.all()
    assert list(scoping.visible(person(north), rows)) == [own]
    assert {*scoping.visible(person(north, south), rows)} == {own, mixed}


def test_a_row_is_seen_or_not(stands, north):
    commands = {
        name: Command.objects.create(
            station=station, action="Reset", requested_at=clock.now(), send_before=clock.now()
        )
        for name, station in stands.items()
    }
    user = person(north)
    assert {name for name, row in commands.items() if scoping.sees(user, row)} == {"north"}
    assert all(scoping.sees(person(), row) for row in commands.values())


def test_who_is_limited_puts_things_at_their_sites_only(north, south):
    user = person(north)
    scoping.needs_site(user, north.pk)
    scoping.needs_site(person(), None)
    for elsewhere in (south.pk, None):
        with pytest.raises(DomainError) as refused:
            scoping.needs_site(user, elsewhere)
        assert refused.value.fields == {"site": ["should be one of the sites you work for"]}


def everything() -> list[type[Model]]:
    """Every model of ours, and whatever the admin shows besides."""
    ours = [model for label in OURS for model in apps.get_app_config(label).get_models()]
    return [*dict.fromkeys([*ours, *admin.site._registry])]


@pytest.mark.parametrize("model", everything(), ids=lambda model: model._meta.label)
def test_it_is_said_of_every_model_how_it_belongs_to_a_site(model):
    rule = scoping.rule_of(model)
    assert rule is not None, "say so in the apps.py of its app, or what is imported there"
    if isinstance(rule, str):
        assert leads_to_one_site(model, rule), f"{rule} should lead to one Site"


def test_it_is_said_of_every_name_that_sockets_pass_on_what_it_is_of():
    told = re.compile(r'bulletin\.changed\(\s*"(\w+)"')
    kinds = {kind for path in modules(*PACKAGES) for kind in told.findall(path.read_text())}
    assert kinds >= {"station", "session"}
    assert kinds <= scoping.kinds().keys()


def leads_to_one_site(model: Any, path: str) -> bool:
    """Whether a path of fields names a site, and no row has several."""
    for name in path.split("__"):
        if name == "pk":
            break
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        if not (field.many_to_one or field.one_to_one) or field.auto_created:
            return False
        model = field.related_model
    return model is Site


def test_what_nobody_spoke_of_is_hidden_from_who_is_limited(north, monkeypatch):
    stations = ChargingStation.objects.create(cp_id="CP", site=north)
    monkeypatch.delitem(scoping._rules, "stations.ChargingStation")
    assert seen(person(north)) == set()
    assert seen(person()) == {stations.cp_id}
