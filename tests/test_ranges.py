"""The Range header, as chargers that resume a download write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.ranges import NotSatisfiable, wanted_range

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-7", (93, 100)),
        ("bytes=-700", (0, 100)),
        ("Bytes = 5-6", None),
        ("BYTES=5 - 6", (5, 7)),
        ("bytes=9-5", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=²-", None),
        ("", None),
    ],
)
def test_a_part_is_understood_and_what_is_none_means_the_whole(header, part):
    assert wanted_range(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(header):
    with pytest.raises(NotSatisfiable):
        wanted_range(header, 100)


@given(st.text() | st.from_regex(r"bytes=\d*-\d*", fullmatch=True), st.integers(1, 1000))
def test_whatever_is_asked_lies_within_the_file(header, size):
    try:
        part = wanted_range(header, size)
    except NotSatisfiable:
        return
    assert part is None or 0 <= part[0] < part[1] <= size
