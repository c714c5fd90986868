"""Cards: may one charge, and what operators do with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cms.shared.errors import Conflict
from rfid.models import CardGroup, RfidCard
from rfid.services import cards

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
LATER, EARLIER = NOON + timedelta(hours=1), NOON - timedelta(hours=1)
pytestmark = pytest.mark.django_db


def asked(id_tag="CARD-1", at=NOON):
    """The answer for this id tag."""
    return cards.authorize(id_tag=id_tag, at=at)


def test_an_active_card_is_accepted():
    card = cards.create(id_tag="CARD-1")
    assert asked() == cards.Authorization("Accepted", card)
    assert asked().accepted


@pytest.mark.parametrize("id_tag", ["", "NOBODY", "%", "CARD_1", "CARD-", "x" * 255])
def test_an_unknown_card_is_invalid(id_tag):
    cards.create(id_tag="CARD-1")
    assert asked(id_tag) == cards.Authorization("Invalid")


@pytest.mark.parametrize("id_tag", ["card-1", "Card-1", "CARD-1"])
def test_the_letter_case_does_not_count(id_tag):
    cards.create(id_tag="cArD-1")
    assert asked(id_tag).status == "Accepted"


@pytest.mark.parametrize("status", ["Blocked", "Expired"])
def test_an_operator_may_refuse_it(status):
    cards.create(id_tag="CARD-1", status=status)
    assert asked().status == status
    assert not asked().accepted


def test_it_expires_at_its_end_and_not_before():
    cards.create(id_tag="CARD-1", valid_until=NOON)
    assert asked(at=NOON - timedelta(microseconds=1)).status == "Accepted"
    assert asked(at=NOON).status == "Expired"
    assert asked().valid_until == NOON


def test_it_is_invalid_before_its_beginning():
    cards.create(id_tag="CARD-1", valid_from=NOON)
    assert asked(at=EARLIER).status == "Invalid"
    assert asked(at=NOON).status == "Accepted"


def test_blocked_weighs_more_than_expired():
    cards.create(id_tag="CARD-1", status="Blocked", valid_until=EARLIER)
    assert asked().status == "Blocked"


def test_it_names_its_group():
    group = CardGroup.objects.create(name="Family", parent_id_tag="FAMILY")
    cards.create(id_tag="CARD-1", group=group)
    cards.create(id_tag="CARD-2")
    assert asked().parent_id_tag == "FAMILY"
    assert asked("CARD-2").parent_id_tag == ""
    assert asked("NOBODY").parent_id_tag == ""


def test_asking_costs_one_query(django_assert_num_queries):
    group = CardGroup.objects.create(name="Family", parent_id_tag="FAMILY")
    cards.create(id_tag="CARD-1", group=group)
    with django_assert_num_queries(1):
        assert asked().parent_id_tag == "FAMILY"


@pytest.mark.parametrize("second", ["CARD-1", "card-1"])
def test_a_second_card_of_the_same_tag_is_refused(second):
    cards.create(id_tag="CARD-1")
    with pytest.raises(Conflict, match="exists already") as refusal:
        cards.create(id_tag=second)
    assert "tagId" in refusal.value.fields
    assert RfidCard.objects.count() == 1


def test_two_groups_may_not_differ_in_letter_case_only():
    CardGroup.objects.create(name="A", parent_id_tag="FAMILY")
    with pytest.raises(IntegrityError), transaction.atomic():
        CardGroup.objects.create(name="B", parent_id_tag="family")


def test_a_blocked_card_is_refused_until_it_is_activated():
    card = cards.create(id_tag="CARD-1")
    cards.block(card=card, reason="stolen")
    assert asked().status == "Blocked"
    assert RfidCard.objects.get().status_reason == "stolen"
    cards.activate(card=card)
    assert asked().status == "Accepted"
    assert RfidCard.objects.get().status_reason == ""


def test_activating_does_not_make_an_expired_card_valid():
    card = cards.create(id_tag="CARD-1", valid_until=EARLIER)
    cards.activate(card=card)
    assert asked().status == "Expired"


@pytest.mark.parametrize("id_tag", ["", "with space", "x" * 21, "tab\t", "ünicode", "nul\x00"])
def test_a_tag_no_station_can_read_is_not_valid(id_tag):
    with pytest.raises(ValidationError):
        RfidCard(id_tag=id_tag).full_clean()
