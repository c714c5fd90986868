"""Corrections as the database keeps them: what was asked for stays, what was decided is final.

A migration that changes the table begins with ``Undecided()`` and ends with ``Decided()``.
"""

from __future__ import annotations

from typing import Any

from billing.migrations._triggers import Triggers

TABLE = "billing_correctionrequest"
_ASKED = (
    *("id", "kind", "idempotency_key", "fingerprint", "parameters", "facts", "about", "amount"),
    *("currency", "before", "after", "reason", "asked_by_id", "asked_at"),
)


def install(schema_editor: Any) -> None:
    """Put the guards in place; on PostgreSQL the ledger's ``billing_refuse`` does the refusing."""
    remove(schema_editor)
    changed = " OR ".join(f'NEW."{name}" <> OLD."{name}"' for name in _ASKED)
    decided = f"OLD.state <> 'Waiting' OR {changed}"
    for name, verb, when in (("stays", "DELETE", ""), ("kept", "UPDATE", f" WHEN ({decided})")):
        if schema_editor.connection.vendor == "postgresql":
            how = f"FOR EACH ROW{when} EXECUTE FUNCTION billing_refuse()"
        else:
            how = f"{when} BEGIN SELECT RAISE(ABORT, 'corrections: no {verb}'); END"
        create = f"CREATE TRIGGER {TABLE}_{name} BEFORE {verb} ON {TABLE} {how}"
        schema_editor.execute(create, params=None)


def remove(schema_editor: Any) -> None:
    """Take the guards away: to change the table, or to empty it in tests."""
    on = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
    for name in ("stays", "kept"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_{name}{on}", params=None)


class Decided(Triggers):
    """Corrections are guarded from here on."""

    says = "What was asked for and decided stays"

    def install(self, schema_editor: Any) -> None:
        """Put them in place."""
        install(schema_editor)

    def remove(self, schema_editor: Any) -> None:
        """Take them away."""
        remove(schema_editor)


class Undecided(Decided):
    """They are not from here on: the table changes."""

    lifted = True
