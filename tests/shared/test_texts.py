"""What services say: English where it is stored, and in the reader's language where it is read."""

from __future__ import annotations

import copy
import pickle

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import override

from cms.shared import texts
from cms.shared.errors import Conflict, DomainError, Text
from stations.models import Registration

pytestmark = pytest.mark.once


def test_an_error_is_english_wherever_it_is_written_down():
    error = Conflict("Charge point %(station)s not connected", station="CP-1")
    with override("de"):
        assert str(error) == error.message == "Charge point CP-1 not connected"
        assert f"{error}" == "Charge point CP-1 not connected"


def test_it_is_said_in_the_language_of_who_reads():
    error = Conflict("Charge point %(station)s not connected", station="CP-1")
    with override("de"):
        assert texts.localised(error.message) == "Die Station CP-1 ist nicht verbunden"
    with override("fr"):
        assert texts.localised(error.message) == "La station CP-1 n'est pas connectée"
    with override("en"):
        assert texts.localised(error.message) == "Charge point CP-1 not connected"


def test_what_is_filled_in_is_translated_where_it_has_words_itself():
    error = Conflict(
        "%(station)s is registered as %(registration)s",
        station="CP-1",
        registration=Registration.REJECTED,
    )
    assert str(error) == "CP-1 is registered as Rejected"
    with override("de"):
        assert str(Registration.REJECTED.label) != "Rejected"
        assert str(Registration.REJECTED.label) in texts.localised(error.message)


def test_what_is_wrong_with_a_field_is_said_of_its_name():
    error = DomainError.of_field("energyWh", "should be from 0 to %(most)s Wh", most=5, prefix="a.")
    assert str(error) == "energyWh should be from 0 to 5 Wh"
    assert error.fields == {"a.energyWh": ["should be from 0 to 5 Wh"]}
    with override("de"):
        assert texts.localised(error.message) == "energyWh sollte von 0 bis 5 Wh sein"
        assert texts.of_fields(error.fields) == {"a.energyWh": ["sollte von 0 bis 5 Wh sein"]}


def test_of_several_fields_the_first_is_the_message():
    error = DomainError.of_fields({"a": [Text("is needed")], "b": [Text("is too large")]})
    assert str(error) == "a is needed"
    assert list(error.fields) == ["a", "b"]


def test_what_a_model_refuses_is_english_until_somebody_reads_it():
    with override("de"):
        with pytest.raises(ValidationError) as refused:
            MaxLengthValidator(3)("four")
        [text] = texts.of_validation(refused.value)
        assert text == "Ensure this value has at most 3 characters (it has 4)."
        assert texts.localised(text).startswith("Bitte sicherstellen, dass")


def test_a_text_survives_being_copied_and_sent():
    text = Text("Session %(target)s has its stop already", target=7)
    for made in (copy.copy(text), pickle.loads(pickle.dumps(text))):
        assert made == text
        assert (made.template, made.filled) == (text.template, text.filled)


def test_any_other_text_is_said_as_it_is():
    assert texts.localised("50 % off") == "50 % off"
    assert Text("50 % off") == "50 % off"
