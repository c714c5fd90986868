"""What the world of the benchmark of pages is billed: a bill for each tenth session."""

from __future__ import annotations

from tests.benchmarks.bill_world import BEGIN
from tests.benchmarks.series import STATIONS, began, rows

_TENTH = "(n * 10)"
_WALLETS = 500


def fill(sessions: int) -> None:
    """Wallets, and for each tenth session its tariff, bill, entry, postings and invoice line."""
    from billing.models import Account, TariffVersion
    from billing.services import tariffs
    from tests.billing import recorded

    tariffs.define(name="Benchmark", terms=recorded.TERMS, at=BEGIN)
    version = str(TariffVersion.objects.get().pk)
    own = {"kind": "'Income'", "currency": "'EUR'", "opened_at": "now()"}
    rows(Account, 1, code="'income:EUR'", name="'Income'", **own)
    rows(
        Account,
        _WALLETS,
        id="n + 1",
        code="'wallet:' || n || ':EUR'",
        name="'Driver ' || n",
        user_id="n",
        **{**own, "kind": "'Wallet'"},
        floor="0",
        balance="10",
    )
    for behind, side in ((1000, "Held"), (2000, "Owed")):
        rows(
            Account,
            _WALLETS,
            id=f"n + {behind}",
            code=f"'{side.lower()}:' || n || ':EUR'",
            user_id="n",
            wallet_id="n + 1",
            floor="0" if side == "Held" else "NULL",
            **{**own, "kind": f"'{side}'"},
        )
    bills = sessions // 10
    _bills(bills, sessions, version)
    _booked(bills, sessions)
    _invoices(bills, sessions)


def _bills(number: int, sessions: int, version: str) -> None:
    from billing.models import BillLine, SessionBill, SessionTariff

    start = began(_TENTH, sessions)
    frozen = {"version_id": version, "level": "'everywhere'", "frozen_at": start}
    rows(SessionTariff, number, session_id=_TENTH, state="'Billed'", **frozen)
    amounts = {"net": "4.20", "tax": "0.80", "gross": "5"}
    rows(
        SessionBill,
        number,
        session_id=_TENTH,
        revision="1",
        version_id=version,
        site_id=f"({_TENTH} % 800 / 2 + 1) % 20 + 1",
        driver_id=f"n % {_WALLETS} + 1",
        wallet_id=f"n % {_WALLETS} + 2",
        entry_id="n",
        currency="'EUR'",
        energy_wh="10000",
        charging_seconds="3300",
        idle_seconds="0",
        started_at=start,
        ended_at=f"{start} + interval '55 minutes'",
        billed_at=f"{start} + interval '56 minutes'",
        **amounts,
    )
    each = {"unit": "'kWh'", "unit_price": "0.42", "reduction": "0", "tax_rate": "0.19"}
    rows(
        BillLine,
        2 * number,
        bill_id="(n + 1) / 2",
        number="n % 2 + 1",
        kind="'energy'",
        quantity="10",
        **each,
        **amounts,
    )


def _booked(number: int, sessions: int) -> None:
    from billing.models import JournalEntry, Posting

    at = f"{began(_TENTH, sessions)} + interval '56 minutes'"
    key = {"idempotency_key": "'charge-' || n", "fingerprint": "''"}
    reference = f"'session/' || {_TENTH}"
    rows(JournalEntry, number, kind="'Charge'", at=at, booked_at=at, reference=reference, **key)
    rows(
        Posting,
        2 * number,
        entry_id="(n + 1) / 2",
        account_id=f"CASE WHEN n % 2 = 0 THEN 1 ELSE (n + 1) / 2 % {_WALLETS} + 2 END",
        amount="CASE WHEN n % 2 = 0 THEN 5 ELSE -5 END",
        balance_after="10",
        booked_at=f"{began('((n + 1) / 2 * 10)', sessions)} + interval '56 minutes'",
    )


def _invoices(bills: int, sessions: int) -> None:
    """Of five bills each."""
    from billing.models import Invoice, InvoiceLine, InvoiceSeries

    last = began("(n * 50)", sessions)
    rows(InvoiceSeries, 1, code="'INV-'", next_number=f"{bills // 5 + 1}")
    sums = {"net": "21", "tax": "4", "gross": "25", "payable": "25"}
    rows(
        Invoice,
        bills // 5,
        series_id="1",
        sequence="n",
        number="'INV-' || n",
        kind="'Invoice'",
        wallet_id=f"n % {_WALLETS} + 2",
        recipient_name="'Driver ' || n",
        issuer_name="'Voltdesk'",
        currency="'EUR'",
        since=f"{last} - interval '30 days'",
        until=last,
        zone="'Europe/Berlin'",
        issued_at=last,
        hash="md5(n::text)",
        **sums,
    )
    amounts = {"net": "4.20", "tax": "0.80", "gross": "5", "energy_wh": "10000"}
    rows(
        InvoiceLine,
        bills // 5 * 5,
        invoice_id="(n - 1) / 5 + 1",
        position="(n - 1) % 5 + 1",
        bill_id="n",
        text="'Session at ' || 'CP-' || n % " + str(STATIONS),
        ended_at=began(_TENTH, sessions),
        **amounts,
    )
