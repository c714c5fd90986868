"""Terms as JSON: what is written is read back, and what is wrong is named by its field."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.rating import documents
from billing.rating.documents import InvalidTerms
from billing.rating.terms import Kind, Per, TaxRounding
from cms.shared.errors import Text
from tests.billing.rating.hand import component, tariff
from tests.billing.rating.test_hand_calculated import CASES

pytestmark = pytest.mark.once
ENERGY = {"kind": "energy", "price": "0.30"}


def said(document: object) -> dict[str, list[Text]]:
    """What is wrong with a document, by field."""
    with pytest.raises(InvalidTerms) as problem:
        documents.terms(document)
    return problem.value.fields


def with_component(**members: object) -> dict[str, object]:
    return {"currency": "EUR", "components": [{**ENERGY, **members}]}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_written_is_read_back(case):
    written = documents.document(case.terms)
    assert documents.terms(written) == case.terms
    assert documents.document(documents.terms(written)) == written


def test_little_needs_to_be_said():
    terms = documents.terms({"currency": "EUR", "components": [ENERGY]})
    assert terms.components[0].kind is Kind.ENERGY
    assert terms.components[0].per is Per.KWH
    assert (terms.tax_rate, terms.tax_included) == (Decimal(0), False)
    assert terms.tax_rounding is TaxRounding.LINE
    assert documents.document(terms) == {
        "currency": "EUR",
        "tax_rate": "0",
        "tax_included": False,
        "tax_rounding": "line",
        "components": [{"kind": "energy", "price": "0.30", "per": "kWh"}],
    }


def test_the_document_says_everything_a_component_can_be():
    written = documents.document(
        tariff(
            component(
                "idle",
                "0.05",
                between="08:00-20:00",
                weekdays=["SUNDAY", "MONDAY"],
                from_date="2026-01-01",
                until_date="2027-01-01",
                max_w=22000,
                min_seconds=0,
                tax_rate="7",
                step=60,
                step_rounding="down",
                grace_seconds=600,
                cap="12.00",
                not_between=["12:00-13:00"],
            )
        )
    )
    assert written["components"] == [
        {
            "kind": "idle",
            "price": "0.05",
            "per": "min",
            "when": {
                "between": "08:00-20:00",
                "weekdays": ["MONDAY", "SUNDAY"],
                "from_date": "2026-01-01",
                "until_date": "2027-01-01",
                "max_w": 22000,
                "min_seconds": 0,
            },
            "tax_rate": "7",
            "step": 60,
            "step_rounding": "down",
            "grace_seconds": 600,
            "cap": "12.00",
            "not_between": ["12:00-13:00"],
        }
    ]


def test_all_that_is_wrong_is_said_at_once():
    fields = said(
        {
            "currency": "euro",
            "tax_rate": "101",
            "components": [{"kind": "power"}, {"kind": "energy", "price": "-1", "when": {"x": 1}}],
        }
    )
    assert sorted(fields) == [
        "components.0.kind",
        "components.0.price",
        "components.1.price",
        "components.1.when.x",
        "currency",
        "tax_rate",
    ]


@pytest.mark.parametrize("document", [None, [], "EUR", 1, {}])
def test_what_is_no_tariff_is_refused(document):
    assert said(document)


@pytest.mark.parametrize(
    "price", ["", "x", "-0.01", "NaN", "Infinity", "1e3", "0.1234567", "1" * 10, True, None, [], {}]
)
def test_a_price_is_a_number_from_zero(price):
    assert list(said(with_component(price=price))) == ["components.0.price"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("per", "min"),
        ("per", "week"),
        ("step", -1),
        ("step", 1.5),
        ("step_rounding", "half"),
        ("grace_seconds", 600),
        ("cap", "5.00"),
        ("not_between", ["22:00-06:00"]),
        ("expired", True),
        ("tax_rate", "100.1"),
        ("when", "22:00-06:00"),
        ("when.between", "22:00-22:00"),
        ("when.between", "22:00-24:00"),
        ("when.between", "6-22"),
        ("when.between", ["06:00", "22:00"]),
        ("when.weekdays", []),
        ("when.weekdays", ["Monday"]),
        ("when.weekdays", [["MONDAY"]]),
        ("when.from_date", "2026-02-30"),
        ("when.from_date", "20260203"),
        ("when.max_wh", 0),
        ("when.max_w", True),
    ],
)
def test_a_field_says_what_is_wrong_with_it(field, value):
    outer, _, inner = field.partition(".")
    members = {outer: {inner: value} if inner else value}
    assert list(said(with_component(**members))) == [f"components.0.{field}"]


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ({"min_w": 22000, "max_w": 22000}, "max_w"),
        ({"min_seconds": 60, "max_seconds": 30}, "max_seconds"),
        ({"from_date": "2026-05-01", "until_date": "2026-05-01"}, "until_date"),
    ],
)
def test_a_restriction_that_never_holds_is_refused(when, field):
    assert list(said(with_component(when=when))) == [f"components.0.when.{field}"]


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("start", "min_seconds"),
        ("start", "max_wh"),
        ("reservation", "min_wh"),
        ("reservation_time", "max_wh"),
    ],
)
def test_what_is_charged_before_it_is_known_cannot_be_asked_for(kind, field):
    fields = said(with_component(kind=kind, when={field: 5}))
    assert list(fields) == [f"components.0.when.{field}"]


def test_a_flat_fee_has_no_steps():
    assert list(said(with_component(kind="start", step=5))) == ["components.0.step"]


@pytest.mark.parametrize("name", ["minimum", "maximum"])
def test_a_limit_can_be_paid(name):
    assert list(said({"currency": "JPY", "components": [ENERGY], name: "1.5"})) == [name]


def test_the_maximum_is_not_below_the_minimum():
    limits = {"minimum": "2.00", "maximum": "1.99"}
    assert list(said({"currency": "EUR", "components": [ENERGY], **limits})) == ["maximum"]
