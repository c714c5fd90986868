"""What the database asks of an invoice: it follows the one before it, and its lines add up to it.

Lines come first and the invoice last: it seals them. A line of a bill has that bill's amounts.
"""

from __future__ import annotations

from typing import Any

from billing.migrations._triggers import Triggers

_POSTGRESQL_FUNCTIONS = """
CREATE OR REPLACE FUNCTION billing_invoice_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sequence = 1 AND NEW.previous_hash <> ''
      OR NEW.sequence <> 1 AND NOT EXISTS (
        SELECT 1 FROM billing_invoice WHERE series_id = NEW.series_id
          AND sequence = NEW.sequence - 1 AND hash = NEW.previous_hash) THEN
    RAISE EXCEPTION 'invoices: % does not follow the one before it', NEW.number
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NOT EXISTS (
      SELECT 1 FROM billing_invoiceline WHERE invoice_id = NEW.id HAVING count(*) > 0
        AND sum(net) = NEW.net AND sum(tax) = NEW.tax AND sum(gross) = NEW.gross
        AND NEW.net + NEW.tax = NEW.gross) THEN
    RAISE EXCEPTION 'invoices: the lines of % do not add up to it', NEW.number
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION billing_invoiceline_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM billing_invoice WHERE id = NEW.invoice_id) THEN
    RAISE EXCEPTION 'invoices: invoice % is sealed', NEW.invoice_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.bill_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM billing_sessionbill WHERE id = NEW.bill_id
        AND net = NEW.net AND tax = NEW.tax AND gross = NEW.gross) THEN
    RAISE EXCEPTION 'invoices: bill % has other amounts', NEW.bill_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
"""
_POSTGRESQL = {
    "billing_invoice_follows": "BEFORE INSERT ON billing_invoice FOR EACH ROW"
    " EXECUTE FUNCTION billing_invoice_guard()",
    "billing_invoiceline_open": "BEFORE INSERT ON billing_invoiceline FOR EACH ROW"
    " EXECUTE FUNCTION billing_invoiceline_guard()",
}
# INSERT OR REPLACE runs no trigger for what it deletes: so nothing may be in its way.
_SQLITE = {
    "billing_invoice_follows": """BEFORE INSERT ON billing_invoice BEGIN
  SELECT RAISE(ABORT, 'invoices: invoice exists') FROM billing_invoice
    WHERE id = NEW.id OR number = NEW.number
      OR (series_id = NEW.series_id AND sequence = NEW.sequence);
  SELECT RAISE(ABORT, 'invoices: it does not follow the one before it')
    WHERE NEW.sequence = 1 AND NEW.previous_hash <> ''
      OR NEW.sequence <> 1 AND NOT EXISTS (
        SELECT 1 FROM billing_invoice WHERE series_id = NEW.series_id
          AND sequence = NEW.sequence - 1 AND hash = NEW.previous_hash);
  SELECT RAISE(ABORT, 'invoices: its lines do not add up to it')
    WHERE NEW.net + NEW.tax <> NEW.gross OR NOT EXISTS (
      SELECT 1 FROM billing_invoiceline WHERE invoice_id = NEW.id GROUP BY invoice_id
        HAVING sum(net) = NEW.net AND sum(tax) = NEW.tax AND sum(gross) = NEW.gross);
END""",
    "billing_invoiceline_open": """BEFORE INSERT ON billing_invoiceline BEGIN
  SELECT RAISE(ABORT, 'invoices: the invoice is sealed')
    FROM billing_invoice WHERE id = NEW.invoice_id;
  SELECT RAISE(ABORT, 'invoices: line exists') FROM billing_invoiceline
    WHERE id = NEW.id OR bill_id = NEW.bill_id OR entry_id = NEW.entry_id
      OR (invoice_id = NEW.invoice_id AND position = NEW.position);
  SELECT RAISE(ABORT, 'invoices: the bill has other amounts')
    WHERE NEW.bill_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM billing_sessionbill WHERE id = NEW.bill_id
        AND net = NEW.net AND tax = NEW.tax AND gross = NEW.gross);
END""",
}


def install(schema_editor: Any) -> None:
    """Put them in place; those that are there already are replaced."""
    remove(schema_editor)
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        schema_editor.execute(_POSTGRESQL_FUNCTIONS, params=None)
    for name, what in (_POSTGRESQL if postgresql else _SQLITE).items():
        schema_editor.execute(f"CREATE TRIGGER {name} {what}", params=None)


def remove(schema_editor: Any) -> None:
    """Take them away: to change a table, or to do in tests what nobody may."""
    for name in _POSTGRESQL:
        table = name.rpartition("_")[0]
        on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)


class Sealed(Triggers):
    """Invoices are sealed from here on."""

    says = "Invoices follow one another, and their lines add up"

    def install(self, schema_editor: Any) -> None:
        """Put them in place."""
        install(schema_editor)

    def remove(self, schema_editor: Any) -> None:
        """Take them away."""
        remove(schema_editor)
