"""Refused connections and unknown cards: counted, bounded, adopted or forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import Conflict, DomainError
from rfid.models import CardGroup, RfidCard
from stations.models import ChargingStation, ReviewCase
from stations.services import adoption, keys, sessions, strangers
from stations.services.strangers import Refusal
from tests.stations import given

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>'; DROP TABLE x;\u202e=1+1"


def tap(station, tag, minute=0.0):
    """Somebody presents a card."""
    return sessions.authorize(station_id=station.pk, id_tag=tag, at=given.after(minute))


def knock(*refusals, minute=0.0):
    """Connections are turned away."""
    strangers.refused(refusals=refusals, at=given.after(minute))


def test_an_unknown_card_is_a_case_with_where_and_when(station):
    assert tap(station, "NOBODY").status == "Invalid"
    case = given.case("UnknownCard")
    assert (case.station, case.id_tag, case.first_seen_at) == (station, "NOBODY", given.NOON)


def test_every_tap_of_it_is_counted_wherever_and_in_whatever_letter_case(station, other_station):
    tap(station, "NOBODY")
    tap(other_station, "nobody", minute=5)
    given.begin(other_station, tag="NoBody", minute=6, connector=2)
    case = given.case("UnknownCard")
    assert (case.times_seen, case.station) == (3, other_station)
    assert case.last_seen_at == given.after(6)
    assert case.evidence == {"connectorId": 2}


def test_a_retried_start_counts_its_card_once(station):
    given.begin(station, tag="NOBODY")
    given.begin(station, tag="NOBODY")
    assert given.case("UnknownCard").times_seen == 1


@pytest.mark.parametrize("status", ["Active", "Blocked"])
def test_a_known_card_is_no_case(station, status):
    given.a_card(status=status)
    tap(station, "CARD-1")
    given.begin(station)
    assert given.kinds() == []


def test_a_known_card_costs_few_queries(station, django_assert_num_queries):
    given.a_card()
    with django_assert_num_queries(3):  # the card, whether it charges elsewhere, who waits there
        tap(station, "CARD-1")


def test_random_cards_fill_no_table(station, monkeypatch):
    monkeypatch.setattr(strangers, "MOST", 10)
    for number in range(40):
        tap(station, f"RANDOM-{number}")
    assert ReviewCase.objects.count() == 11
    rest = ReviewCase.objects.get(id_tag="")
    assert (rest.times_seen, rest.station) == (30, station)
    tap(station, "RANDOM-3")
    assert ReviewCase.objects.get(id_tag="RANDOM-3").times_seen == 2


def test_an_adopted_card_may_charge_from_now_on(station):
    tap(station, "04aabb")
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    number = given.case("UnknownCard").pk
    case, card = adoption.adopt_card(
        case_id=number, who=given.decided(), at=given.after(1), label="Van 7", group=group
    )
    assert (card.id_tag, card.label, card.group) == ("04aabb", "Van 7", group)
    assert (case.resolution, case.settled_by_name) == ("Adopted", "olga")
    assert tap(station, "04AABB").status == "Accepted"
    with pytest.raises(Conflict, match="olga settled it"):
        adoption.adopt_card(case_id=number, who=given.decided(), at=given.after(2))
    assert RfidCard.objects.count() == 1


def test_a_card_added_meanwhile_is_not_adopted_again(station):
    tap(station, "CARD-1")
    given.a_card()
    number = given.case("UnknownCard").pk
    with pytest.raises(Conflict, match="exists already"):
        adoption.adopt_card(case_id=number, who=given.decided(), at=given.NOON)
    strangers.forget(before=given.after(-60), at=given.after(60))
    assert ReviewCase.objects.get().resolution == "CompletedByItself"


@pytest.mark.parametrize("tag", [HOSTILE, "with space", "x" * 21, "x" * 300])
def test_an_id_tag_no_card_can_have_is_shown_and_not_adopted(station, tag):
    tap(station, tag)
    case = given.case("UnknownCard")
    assert case.id_tag == tag[:255]
    with pytest.raises(DomainError) as refused:
        adoption.adopt_card(case_id=case.pk, who=given.decided(), at=given.NOON)
    assert list(refused.value.fields) == ["idTag"]


def test_a_refused_connection_is_a_case_with_reason_address_and_count():
    knock(Refusal("NEW", "not known here", "10.0.0.7", 404))
    knock(Refusal("new", "not known here", "10.0.0.8", 404, times=4), minute=1)
    case = given.case("RejectedConnection")
    assert (case.cp_id, case.reason, case.times_seen) == ("NEW", "not known here", 5)
    assert (case.address, case.evidence) == ("10.0.0.8", {"status": 404})
    assert case.station is None


def test_each_reason_is_a_case_of_its_own(station):
    knock(Refusal("CP-1", "wrong key", "", 401), Refusal("CP-1", "wrong version", "", 400))
    assert given.kinds(station=station) == ["RejectedConnection"] * 2


def test_a_scanner_fills_no_table_and_hides_no_station_of_ours(station, monkeypatch):
    monkeypatch.setattr(strangers, "MOST", 10)
    knock(*(Refusal(f"SCAN-{n}", "not known here", "", 404) for n in range(50)))
    knock(Refusal("CP-1", "wrong key", "", 401), Refusal("MORE", "not known here", "", 404))
    assert ReviewCase.objects.filter(station=None).count() == 11
    assert ReviewCase.objects.get(cp_id="").times_seen == 41
    assert given.case("RejectedConnection", station=station).reason == "wrong key"


def test_names_the_gateway_counted_together_already_are_one_case_with_the_rest(monkeypatch):
    monkeypatch.setattr(strangers, "MOST", 2)
    knock(*(Refusal(f"SCAN-{n}", "not known here", "", 404) for n in range(5)))
    knock(Refusal("", "not known here", "", 404, times=100))
    assert ReviewCase.objects.get(cp_id="").times_seen == 103


def test_hostile_names_are_kept_as_text():
    knock(Refusal(HOSTILE + "x" * 500, "no station id in the path", "::1", 404))
    assert given.case("RejectedConnection").cp_id.startswith(HOSTILE)


def test_an_adopted_station_is_accepted_with_a_key_shown_once():
    knock(Refusal("NEW", "not known here", "", 404), Refusal("new", "wrong key", "", 401))
    case = ReviewCase.objects.get(evidence__status=404)
    adopted = adoption.adopt_station(
        case_id=case.pk, who=given.decided(), at=given.after(1), name="Yard", make_key=True
    )
    station = ChargingStation.objects.get()
    assert (station.cp_id, station.name, station.registration) == ("NEW", "Yard", "Accepted")
    assert keys.matches(station.key_hash, adopted.key)
    assert given.kinds() == []
    assert adopted.key
    assert adopted.key not in str(list(ReviewCase.objects.values()))


def test_adopting_a_rejected_station_accepts_it():
    station = given.a_station("BARRED", registration="Rejected")
    knock(Refusal("BARRED", "its registration is Rejected"))
    number = given.case("RejectedConnection").pk
    adopted = adoption.adopt_station(case_id=number, who=given.decided(), at=given.NOON)
    assert adopted.station == station
    assert adopted.station.registration == "Accepted"
    assert adopted.key is None


def test_a_station_that_is_served_already_is_not_adopted(station):
    knock(Refusal("CP-1", "wrong key", "", 401))
    number = given.case("RejectedConnection").pk
    with pytest.raises(Conflict, match="of ours already"):
        adoption.adopt_station(case_id=number, who=given.decided(), at=given.NOON)
    assert given.case("RejectedConnection").is_open


@pytest.mark.parametrize("cp_id", ["", "a/b", "\u0001", "x" * 101])
def test_an_identity_no_station_can_have_is_not_adopted(cp_id):
    knock(Refusal(cp_id, "no station id in the path", "", 404))
    number = given.case("RejectedConnection").pk
    with pytest.raises(DomainError) as refused:
        adoption.adopt_station(case_id=number, who=given.decided(), at=given.NOON)
    assert list(refused.value.fields) == ["ocppIdentifier"]
    assert not ChargingStation.objects.exists()


def test_strangers_nobody_has_seen_for_long_are_forgotten_but_not_what_was_settled(station):
    tap(station, "OLD")
    knock(Refusal("OLD", "not known here", "", 404))
    tap(station, "SETTLED")
    adoption.adopt_card(
        case_id=given.case("UnknownCard", id_tag="SETTLED").pk, who=given.decided(), at=given.NOON
    )
    tap(station, "YOUNG", minute=60)
    given.finish(station, 4711)
    at = given.NOON + timedelta(days=30)
    assert strangers.forget(before=given.after(30), at=at) == 2
    assert given.kinds() == ["OrphanedStop", "UnknownCard"]
    assert ReviewCase.objects.get(state="Settled").id_tag == "SETTLED"
