"""A chart's points: few of many, but every peak; each of them measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from stations.admin.thinning import MOST, Sample, thinned, with_power

START = datetime(2026, 1, 1, tzinfo=UTC)


def samples(powers, every_s=10):
    return [
        Sample(START + timedelta(seconds=number * every_s), power, float(number))
        for number, power in enumerate(powers)
    ]


def thin(some):
    return thinned(iter(some), some[0].at, some[-1].at) if some else thinned([], START, START)


def test_as_many_as_a_chart_shows_stay_as_they_are():
    some = samples([1.0] * MOST)
    assert thin(some) == some
    assert thin([]) == []


def test_one_peak_and_one_trough_among_many_stay():
    powers = [5000.0] * 10_000
    powers[7321], powers[1234] = 11_000.0, 0.0
    found = {sample.power_w for sample in thin(samples(powers))}
    assert found == {5000.0, 11_000.0, 0.0}


def test_samples_all_at_one_moment_stay_few():
    some = [Sample(START, float(number), None) for number in range(2000)]
    found = thin(some)
    assert len(found) <= 4
    assert {sample.power_w for sample in found} == {0.0, 1999.0}


# Long lists are slow to think up: a short pattern, over and over, is as good a meter.
many = st.builds(
    lambda pattern, odd, place: [*(pattern * MOST), odd, *(pattern * place)],
    st.lists(st.one_of(st.none(), st.floats(0, 350_000)), min_size=1, max_size=7),
    st.floats(0, 400_000),
    st.integers(0, 90),
)


@given(many, st.integers(1, 900))
def test_whatever_was_measured_the_extremes_and_the_ends_stay(powers, every_s):
    some = samples(powers, every_s)
    found = thin(some)
    assert len(found) <= MOST
    assert set(found) <= set(some)
    assert found == sorted(found, key=lambda sample: sample.at)
    assert (found[0], found[-1]) == (some[0], some[-1])
    measured = [power for power in powers if power is not None]
    kept = [sample.power_w for sample in found if sample.power_w is not None]
    if measured:
        assert (min(kept), max(kept)) == (min(measured), max(measured))


@settings(max_examples=8)
@given(many)
def test_the_highest_of_each_bucket_stays(powers):
    some = samples(powers)
    kept, buckets, span = set(thin(some)), MOST // 4, some[-1].at - some[0].at
    for number in range(buckets):
        low, high = some[0].at + span * number / buckets, some[0].at + span * (number + 1) / buckets
        inside = [
            one
            for one in some
            if one.power_w is not None and low + span / 10**6 < one.at < high - span / 10**6
        ]
        if inside:
            top = max(one.power_w for one in inside)
            around = [
                one.power_w for one in kept if low <= one.at <= high and one.power_w is not None
            ]
            assert max(around) >= top


def registers(*readings):
    return [Sample(START + timedelta(seconds=at), power, None, wh) for at, power, wh in readings]


def test_a_meter_that_tells_no_power_has_the_mean_its_register_tells():
    some = registers((0, None, 1000), (60, None, 1100), (120, None, 1100), (180, None, 900))
    assert [one.power_w for one in with_power(some)] == [None, 6000.0, 0.0, None]


def test_a_meter_that_tells_its_power_is_believed():
    some = registers((0, 7000.0, 1000), (60, None, 1500), (120, 7100.0, 1600))
    assert [one.power_w for one in with_power(some)] == [7000.0, None, 7100.0]
