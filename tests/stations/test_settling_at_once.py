"""Two operators and a station at once: one decision counts, and nothing blocks for ever."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict
from rfid.models import RfidCard
from stations.models import ChargingSession, ReviewCase
from stations.services import adoption, sessions, settling, strangers
from tests.stations import given
from tests.stations.test_claiming import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LATER = given.after(600)


def first_only(work):
    """True where it was done, False where somebody else had settled the case."""
    try:
        work()
    except Conflict:
        return False
    return True


def test_one_of_several_operators_settles_a_case():
    station = given.a_station()
    given.finish(station, 4711)
    number = given.case("OrphanedStop").pk
    everybody = [given.decided(f"operator-{n}") for n in range(4)]

    def decide(n):
        if n % 2:
            return settling.discard(case_id=number, who=everybody[n], at=LATER)
        return settling.accept(case_id=number, who=everybody[n], at=LATER, energy_wh=1000)

    done = at_once(lambda n: first_only(lambda: decide(n)))
    assert done.count(True) == 1
    case = ReviewCase.objects.get()
    assert case.settled_by_name == f"operator-{done.index(True)}"
    accepted = case.resolution == "EnergyAccepted"
    assert (case.session.energy_wh, case.session.billable) == (
        (1000, True) if accepted else (0, False)
    )


def test_two_clicks_adopt_one_card():
    station = given.a_station()
    sessions.authorize(station_id=station.pk, id_tag="NEW", at=given.NOON)
    number, who = given.case("UnknownCard").pk, given.decided()
    done = at_once(
        lambda _: first_only(lambda: adoption.adopt_card(case_id=number, who=who, at=LATER))
    )
    assert done.count(True) == 1
    assert RfidCard.objects.count() == 1


def test_a_stop_and_an_operator_at_once_count_the_energy_once():
    station, who = given.a_station(), given.decided()
    given.a_card()
    for attempt in range(5):
        stale = given.begin(station, minute=attempt * 100, meter=1000 * attempt)
        given.begin(station, minute=attempt * 100 + 50, meter=1000 * attempt + 500)
        number = given.case("InferredStop", session=stale.transaction_id).pk

        def both(n, stale=stale, number=number, minute=attempt * 100 + 40):
            if n % 2:
                how = {"case_id": number, "who": who, "at": LATER, "energy_wh": 77}
                return first_only(lambda: settling.accept(**how))
            given.finish(station, stale.transaction_id, minute=minute, meter=100_000)
            return None

        accepted = at_once(both, 2)[1]
        stored = given.session(stale)
        assert stored.status == "Completed"
        assert (stored.energy_wh == 77) == accepted
        assert stored.needs_review == accepted  # the stop that came after the decision
        assert given.kinds(session=stale.transaction_id) == (["SecondStop"] if accepted else [])


def test_the_same_stranger_at_once_is_one_case():
    refusal = strangers.Refusal("NEW", "not known here", "", 404)
    at_once(lambda _: strangers.refused(refusals=[refusal], at=given.NOON))
    assert given.case("RejectedConnection").times_seen == 4


def test_the_same_unknown_card_at_once_is_one_case():
    everywhere = [given.a_station(f"CP-{n}") for n in range(4)]
    at_once(lambda n: given.begin(everywhere[n], tag="NOBODY"))
    assert given.case("UnknownCard").times_seen == 4
    assert ChargingSession.objects.count() == 4
