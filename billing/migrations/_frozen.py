"""Tables whose rows stay as they were written: the database refuses to change or delete them."""

from __future__ import annotations

from typing import Any

from billing.migrations._triggers import Triggers

TABLES = ("billing_tariffversion", "billing_sessionbill", "billing_billline")
INVOICES = ("billing_invoice", "billing_invoiceline")
VERBS = ("UPDATE", "DELETE")


def install(schema_editor: Any, tables: tuple[str, ...] = (*TABLES, *INVOICES)) -> None:
    """Put the guards in place; on PostgreSQL the ledger's ``billing_refuse`` does the refusing."""
    remove(schema_editor, tables)
    for table in tables:
        for verb in VERBS:
            if schema_editor.connection.vendor == "postgresql":
                how = "FOR EACH ROW EXECUTE FUNCTION billing_refuse()"
            else:
                how = f"BEGIN SELECT RAISE(ABORT, 'billing: no {verb} of {table}'); END"
            name = f"{table}_no_{verb.lower()}"
            statement = f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {how}"
            schema_editor.execute(statement, params=None)


def remove(schema_editor: Any, tables: tuple[str, ...] = (*TABLES, *INVOICES)) -> None:
    """Take the guards away: to change a table, or to empty one in tests."""
    for table in tables:
        on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        for verb in VERBS:
            name = f"{table}_no_{verb.lower()}"
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)


class Frozen(Triggers):
    """Rows of these tables stay as they are from here on."""

    says = "Rows that are never changed or deleted"

    def __init__(self, tables: tuple[str, ...] = TABLES) -> None:
        self.tables = tables

    def install(self, schema_editor: Any) -> None:
        """Guard its tables."""
        install(schema_editor, self.tables)

    def remove(self, schema_editor: Any) -> None:
        """Guard them no more."""
        remove(schema_editor, self.tables)


class Unfrozen(Frozen):
    """They may be changed from here on."""

    lifted = True
