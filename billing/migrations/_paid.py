"""Payments as the database keeps them: what was agreed never changes, what was paid is final.

A migration that changes one of these tables begins with ``Unkept()`` and ends with ``Kept()``.
"""

from __future__ import annotations

from typing import Any

from billing.migrations._triggers import Triggers

TABLES = ("billing_paymentevent", "billing_paymentrefund", "billing_payment")
_AGREED = ("id", "token", "amount", "idempotency_key", "fingerprint", "requested_at")
_STAYS = {
    "billing_payment": (*_AGREED, "provider", "purpose", "wallet_id", "currency"),
    "billing_paymentrefund": (*_AGREED, "payment_id", "entry_id", "reason"),
    "billing_paymentevent": ("id", "payment_id", "at", "what", "state", "detail", "event_id"),
}
# State that nothing follows, and what is final with it
_FINAL = {
    "billing_payment": ("Captured", ("state", "captured", "entry_id", "provider_ref")),
    "billing_paymentrefund": ("Failed", ("state", "provider_ref")),
}


def install(schema_editor: Any) -> None:
    """Put the guards in place; on PostgreSQL the ledger's ``billing_refuse`` does the refusing."""
    remove(schema_editor)
    for table in TABLES:
        _refuse(schema_editor, f"{table}_stays", table, "DELETE", "")
        _refuse(schema_editor, f"{table}_kept", table, "UPDATE", _changed(_STAYS[table]))
        if table in _FINAL:
            state, columns = _FINAL[table]
            changed = f"OLD.state = '{state}' AND ({_changed(columns)})"
            _refuse(schema_editor, f"{table}_final", table, "UPDATE", changed)


def remove(schema_editor: Any) -> None:
    """Take the guards away: to change a table, or to empty one in tests."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        on = f" ON {table}" if postgresql else ""
        for name in ("stays", "kept", "final"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}", params=None)


def _changed(columns: tuple[str, ...]) -> str:
    """Whether one of these columns is another; both engines read it."""
    pairs = (f"NEW.{name} <> OLD.{name}" for name in columns if name != "entry_id")
    entry = ["(OLD.entry_id IS NOT NULL AND NEW.entry_id <> OLD.entry_id)"]
    return " OR ".join([*pairs, *(entry if "entry_id" in columns else [])])


def _refuse(schema_editor: Any, name: str, table: str, verb: str, where: str) -> None:
    when = f" WHEN ({where})" if where else ""
    if schema_editor.connection.vendor == "postgresql":
        how = f"FOR EACH ROW{when} EXECUTE FUNCTION billing_refuse()"
    else:
        how = f"{when} BEGIN SELECT RAISE(ABORT, 'payments: no {verb} of {table}'); END"
    schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {how}", params=None)


class Kept(Triggers):
    """Payments are guarded from here on."""

    says = "What was agreed and paid stays"

    def install(self, schema_editor: Any) -> None:
        """Put them in place."""
        install(schema_editor)

    def remove(self, schema_editor: Any) -> None:
        """Take them away."""
        remove(schema_editor)


class Unkept(Kept):
    """They are not from here on: the tables change."""

    lifted = True
