"""Tables whose rows stay as they were written: the database refuses to change or delete them."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

TABLES = ("billing_tariffversion", "billing_sessionbill", "billing_billline")
VERBS = ("UPDATE", "DELETE")


def install(schema_editor: Any) -> None:
    """Put the guards in place; on PostgreSQL the ledger's ``billing_refuse`` does the refusing."""
    remove(schema_editor)
    for table in TABLES:
        for verb in VERBS:
            if schema_editor.connection.vendor == "postgresql":
                how = "FOR EACH ROW EXECUTE FUNCTION billing_refuse()"
            else:
                how = f"BEGIN SELECT RAISE(ABORT, 'billing: no {verb} of {table}'); END"
            name = f"{table}_no_{verb.lower()}"
            statement = f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {how}"
            schema_editor.execute(statement, params=None)


def remove(schema_editor: Any) -> None:
    """Take the guards away: to change a table, or to empty one in tests."""
    for table in TABLES:
        on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        for verb in VERBS:
            name = f"{table}_no_{verb.lower()}"
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)


class Frozen(Operation):
    """Rows of TABLES stay as they are from here on."""

    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models stay as they are."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Install."""
        install(schema_editor)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Remove."""
        remove(schema_editor)

    def describe(self) -> str:
        """For ``migrate`` to say."""
        return "Tariff versions and bills never change"
