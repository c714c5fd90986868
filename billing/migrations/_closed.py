"""Closed billing periods as SQL: nothing is billed or booked into one, and none ever changes.

Who bills or books on income and tax holds a shared lock until the commit (on PostgreSQL; SQLite has
one writer), who closes an exclusive one: what is closed is all committed, and all there will be.
``Guarded()`` and ``Unguarded()`` (_guards.py) see to these guards, too.
"""

from __future__ import annotations

from typing import Any

TABLE = "billing_billingperiod"

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION billing_closed_until() RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE reached timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7068657269);
  -- Older snapshots than the lock would not show the period it was waited for.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'period: nothing is booked under %', current_setting('transaction_isolation')
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  SELECT until INTO reached FROM billing_billingperiod ORDER BY number DESC LIMIT 1;
  RETURN reached;
END $$;
CREATE OR REPLACE FUNCTION billing_bill_in_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.billed_at < billing_closed_until() THEN
    RAISE EXCEPTION 'period: a bill of % lies in a closed one', NEW.billed_at
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION billing_posting_in_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT kind FROM billing_account WHERE id = NEW.account_id) IN ('Income', 'Tax') THEN
    IF NEW.booked_at < billing_closed_until() THEN
      RAISE EXCEPTION 'period: a posting of % lies in a closed one', NEW.booked_at
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION billing_period_next() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE newest record;
BEGIN
  PERFORM pg_advisory_xact_lock(7068657269);
  SELECT number, until, hash INTO newest FROM billing_billingperiod ORDER BY number DESC LIMIT 1;
  IF NEW.number <> coalesce(newest.number, 0) + 1
      OR NEW.since <> coalesce(newest.until, NEW.since)
      OR NEW.previous_hash <> coalesce(newest.hash, '') THEN
    RAISE EXCEPTION 'period: % does not follow the last one', NEW.number
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
"""
_POSTGRESQL = {
    "billing_period_next": "BEFORE INSERT ON billing_billingperiod FOR EACH ROW"
    " EXECUTE FUNCTION billing_period_next()",
    "billing_period_kept": "BEFORE UPDATE ON billing_billingperiod FOR EACH ROW"
    " EXECUTE FUNCTION billing_refuse()",
    "billing_period_stays": "BEFORE DELETE ON billing_billingperiod FOR EACH ROW"
    " EXECUTE FUNCTION billing_refuse()",
    "billing_period_whole": "BEFORE TRUNCATE ON billing_billingperiod FOR EACH STATEMENT"
    " EXECUTE FUNCTION billing_refuse_truncate()",
    "billing_bill_in_open_period": "BEFORE INSERT ON billing_sessionbill FOR EACH ROW"
    " EXECUTE FUNCTION billing_bill_in_open_period()",
    "billing_posting_in_open_period": "BEFORE INSERT ON billing_posting FOR EACH ROW"
    " EXECUTE FUNCTION billing_posting_in_open_period()",
}
# The number that follows is free: so INSERT OR REPLACE finds none in its way.
_SQLITE = {
    "billing_period_next": """BEFORE INSERT ON billing_billingperiod BEGIN
  SELECT RAISE(ABORT, 'period: it does not follow the last one')
    WHERE NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM billing_billingperiod)
      OR NEW.since <> coalesce((
    SELECT until FROM billing_billingperiod ORDER BY number DESC LIMIT 1), NEW.since)
      OR NEW.previous_hash <> coalesce(
        (SELECT hash FROM billing_billingperiod ORDER BY number DESC LIMIT 1), '');
END""",
    "billing_period_kept": """BEFORE UPDATE ON billing_billingperiod BEGIN
  SELECT RAISE(ABORT, 'ledger: UPDATE of billing_billingperiod is not possible');
END""",
    "billing_period_stays": """BEFORE DELETE ON billing_billingperiod BEGIN
  SELECT RAISE(ABORT, 'ledger: DELETE of billing_billingperiod is not possible');
END""",
    "billing_bill_in_open_period": """BEFORE INSERT ON billing_sessionbill BEGIN
  SELECT RAISE(ABORT, 'period: the bill lies in a closed one') WHERE NEW.billed_at < (
    SELECT until FROM billing_billingperiod ORDER BY number DESC LIMIT 1);
END""",
    "billing_posting_in_open_period": """BEFORE INSERT ON billing_posting BEGIN
  SELECT RAISE(ABORT, 'period: the posting lies in a closed one')
    WHERE NEW.booked_at < (
    SELECT until FROM billing_billingperiod ORDER BY number DESC LIMIT 1)
      AND (SELECT kind FROM billing_account WHERE id = NEW.account_id) IN ('Income', 'Tax');
END""",
}


def install(schema_editor: Any) -> None:
    """Put the guards in place, where the table of periods is there already."""
    connection = schema_editor.connection
    if TABLE not in connection.introspection.table_names():
        return
    remove(schema_editor)
    postgresql = connection.vendor == "postgresql"
    if postgresql:
        schema_editor.execute(_FUNCTIONS, params=None)
    for name, what in (_POSTGRESQL if postgresql else _SQLITE).items():
        schema_editor.execute(f"CREATE TRIGGER {name} {what}", params=None)


def remove(schema_editor: Any) -> None:
    """Take the guards away: to change a table, or to empty one in tests."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for name, what in (_POSTGRESQL if postgresql else _SQLITE).items():
        words = what.split()
        on = f" ON {words[words.index('ON') + 1]}" if postgresql else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)
