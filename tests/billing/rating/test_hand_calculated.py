"""Bills worked out by hand, or by the authors of OCPI, against the pricing function."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.rating.pricing import price
from cms.shared import money
from tests.billing.rating import (
    clock_cases,
    idle_cases,
    ocpi_cases,
    ocpi_reservation_cases,
    reading_cases,
    session_cases,
)
from tests.billing.rating.hand import Case, as_calculations, as_taxes, calculations

pytestmark = pytest.mark.once
OCPI = (ocpi_cases, ocpi_reservation_cases)
TABLES = (*OCPI, clock_cases, idle_cases, reading_cases, session_cases)
CASES = [case for table in TABLES for case in table.CASES]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_bill_is_the_one_worked_out_by_hand(case: Case):
    bill = price(case.usage, case.terms, case.until)
    assert as_calculations(bill) == calculations(case.lines)
    assert as_taxes(bill) == case.taxes
    assert str(bill.gross) == case.total


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_calculation_by_hand_is_right_by_itself(case: Case):
    currency = case.terms.currency
    for line in calculations(case.lines):
        full = money.rounded(Decimal(line["quantity"]) * Decimal(line["price"]), currency)
        assert full - Decimal(line["reduction"]) == Decimal(line["amount"])


def test_the_table_has_at_least_forty_cases_each_with_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 40
