"""What is known of people is written by one service: their name, e-mail, telephone and address."""

from __future__ import annotations

import pytest

from cms.accounts import people
from cms.accounts.models import User
from cms.shared import clock
from cms.shared.errors import Conflict, DomainError

pytestmark = pytest.mark.django_db
NOW = clock.now()
ADDRESS = {
    **{"country": "USA", "state": "Florida", "address": "1 Ocean Drive"},
    **{"unit": "12", "city": "Miami", "postal_code": "33139", "phone": "+1 305 555 0100"},
}


@pytest.fixture
def ann():
    return User.objects.create_user("ann", "ann@example.com")


def test_an_address_is_written_as_it_was_said(ann):
    people.change(at=NOW, user=ann, fields=ADDRESS)
    ann.refresh_from_db()
    assert {name: getattr(ann, name) for name in ADDRESS} == ADDRESS


def test_a_name_is_kept_in_its_two_parts_and_read_as_one(ann):
    people.change(at=NOW, user=ann, fields={"name": "  Ann   van der Berg "})
    ann.refresh_from_db()
    assert (ann.first_name, ann.last_name, ann.name) == ("Ann", "van der Berg", "Ann van der Berg")


def test_a_name_of_one_word_takes_the_place_of_two(ann):
    people.change(at=NOW, user=ann, fields={"name": "Ann Berg"})
    assert people.change(at=NOW, user=ann, fields={"name": "Cher"}).name == "Cher"


def test_what_is_not_named_stays(ann):
    people.change(at=NOW, user=ann, fields=ADDRESS)
    people.change(at=NOW, user=ann, fields={"city": ""})
    ann.refresh_from_db()
    assert (ann.city, ann.state, ann.email) == ("", "Florida", "ann@example.com")


def test_who_logs_in_by_their_e_mail_logs_in_by_the_new_one():
    eve = User.objects.create_user("eve@example.com", "eve@example.com")
    people.change(at=NOW, user=eve, fields={"email": "Eve@Example.org"})
    eve.refresh_from_db()
    assert (eve.username, eve.email) == ("eve@example.org", "Eve@Example.org")


def test_who_has_a_name_to_log_in_keeps_it(ann):
    people.change(at=NOW, user=ann, fields={"email": "ann@example.org"})
    ann.refresh_from_db()
    assert ann.username == "ann"


def test_the_e_mail_of_somebody_else_is_refused_whatever_its_letters(ann):
    bob = User.objects.create_user("bob", "bob@example.com")
    with pytest.raises(Conflict) as refused:
        people.change(at=NOW, user=bob, fields={"email": "ANN@example.com"})
    assert "email" in refused.value.fields


def test_a_postal_code_is_called_as_interfaces_call_it(ann):
    with pytest.raises(DomainError) as refused:
        people.change(at=NOW, user=ann, fields={"postal_code": "9" * 21})
    assert [*refused.value.fields] == ["zip"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "ann"),
        ("phone", "call me"),
        ("name", "x" * 151),
        ("city", "Mia\nmi"),
        ("unit", "a\0b"),
        ("is_staff", "yes"),
    ],
)
def test_what_cannot_be_is_said_of_its_field(ann, name, value):
    with pytest.raises(DomainError) as refused:
        people.change(at=NOW, user=ann, fields={name: value})
    assert name in refused.value.fields
    ann.refresh_from_db()
    assert ann.email == "ann@example.com"
