"""Numbers of cards, however they are written, become the id tag a station reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfid.services.tags import normalised

UIDS = st.binary(min_size=4, max_size=10)
SIGNS = st.sampled_from(["", ":", "-", " ", "."])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("04:a1:b2:c3:d4:e5:f6", "04A1B2C3D4E5F6"),
        ("0x04A1B2C3", "04A1B2C3"),
        ("0X04a1b2c3", "04A1B2C3"),
        ("04-A1-B2-C3", "04A1B2C3"),
        (" 04 a1 b2 c3 ", "04A1B2C3"),
        ("'04112233", "04112233"),
        ("DE-8AA-123456-7", "DE-8AA-123456-7"),
        ("Van-7", "Van-7"),
        ("CAFE-1", "CAFE-1"),
        ("1234567", "1234567"),
    ],
)
def test_a_number_is_read_as_it_is_meant(written, read):
    assert normalised(written) == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "missing"),
        ("  ", "missing"),
        ("4.11E+07", "spreadsheet"),
        ("0" * 22, "longer than 20"),
        ("Käfer", "no station can read"),
        ("a\x07b", "no station can read"),
    ],
)
def test_what_no_card_can_have_is_said(written, said):
    with pytest.raises(ValueError, match=said):
        normalised(written)


def test_bytes_are_turned_and_nothing_else_is():
    assert normalised("04:A1:B2:C3", reverse=True) == "C3B2A104"
    with pytest.raises(ValueError, match="order"):
        normalised("Van-7", reverse=True)


@given(UIDS, SIGNS, st.booleans(), st.booleans())
def test_every_way_of_writing_a_uid_is_the_same_card(uid, sign, small, prefixed):
    written = sign.join(f"{byte:02X}" for byte in uid)
    written = ("0x" if prefixed else "") + (written.lower() if small else written)
    assert normalised(written) == uid.hex().upper()
    assert normalised(normalised(written, reverse=True), reverse=True) == uid.hex().upper()


@given(st.text(max_size=25))
def test_what_was_read_once_is_read_alike_again(text):
    try:
        tag = normalised(text)
    except ValueError:
        return
    assert 1 <= len(tag) <= 20
    assert normalised(tag) == tag
