"""Answers that came late find their call: doubled, from another station, or without any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ocpp_gateway.admin.pairing import Said, late_answers

START = datetime(2026, 1, 1, tzinfo=UTC)


def said(pk, seconds, message_id="a", station=1):
    return Said(pk, station, message_id, START + timedelta(seconds=seconds))


def test_a_late_answer_belongs_to_the_call_with_its_message_id():
    found = late_answers([said(1, 0, "a"), said(2, 1, "b")], [said(3, 40, "b")])
    assert {pk: (late.pk, late.latency_ms) for pk, late in found.items()} == {2: (3, 39_000)}


def test_a_call_that_nobody_answered_stays_without():
    assert late_answers([said(1, 0)], []) == {}
    assert late_answers([said(1, 0, "")], [said(2, 9, "")]) == {}


def test_of_doubled_answers_the_first_counts_and_the_others_are_counted():
    found = late_answers([said(1, 0)], [said(4, 50), said(3, 40), said(5, 60)])
    assert (found[1].pk, found[1].latency_ms, found[1].more) == (3, 40_000, 2)


def test_an_answer_of_another_station_is_no_answer():
    assert late_answers([said(1, 0, station=1)], [said(2, 9, station=2)]) == {}


def test_an_id_that_is_used_again_means_the_last_call_before_the_answer():
    found = late_answers([said(1, 0), said(2, 100)], [said(3, 40), said(4, 140)])
    assert {pk: late.pk for pk, late in found.items()} == {1: 3, 2: 4}


def test_what_was_said_before_the_call_is_no_answer_to_it():
    assert late_answers([said(2, 100)], [said(1, 40)]) == {}


some = st.lists(st.tuples(st.integers(0, 50), st.sampled_from("abc"), st.integers(1, 2)))


@given(some, some)
def test_every_stray_is_counted_once_at_most_and_never_before_its_call(calls, strays):
    asked = [said(pk, *call) for pk, call in enumerate(calls)]
    heard = [said(1000 + pk, *stray) for pk, stray in enumerate(strays)]
    found = late_answers(asked, heard)
    assert sum(1 + late.more for late in found.values()) <= len(heard)
    by_pk = {row.pk: row for row in [*asked, *heard]}
    for pk, late in found.items():
        call, answer = by_pk[pk], by_pk[late.pk]
        assert (call.station_id, call.message_id) == (answer.station_id, answer.message_id)
        assert call.at <= answer.at
        assert late.latency_ms >= 0
