"""The ledger's guards as SQL: what no program, however wrong, can write into it.

A migration that changes a table of the ledger begins with ``Unguarded()`` and ends with
``Guarded()``: SQLite makes a changed table anew, and forgets its triggers.
"""

from __future__ import annotations

from typing import Any

from billing.migrations._triggers import Triggers

from billing.migrations import _closed

TABLES = ("billing_account", "billing_posting", "billing_journalentry")

_POSTGRESQL_FUNCTIONS = """
CREATE OR REPLACE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: % of % is not possible', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION billing_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE filled boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', TG_TABLE_NAME) INTO filled;
  IF filled THEN
    RAISE EXCEPTION 'ledger: TRUNCATE of % is not possible', TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION billing_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.balance <> 0 THEN
      RAISE EXCEPTION 'ledger: an account begins with nothing'
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.code, NEW.kind, NEW.currency, NEW.user_id, NEW.company_id, NEW.wallet_id)
      IS DISTINCT FROM
      (OLD.id, OLD.code, OLD.kind, OLD.currency, OLD.user_id, OLD.company_id, OLD.wallet_id) THEN
    RAISE EXCEPTION 'ledger: account % stays what it is', OLD.id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  -- The posting's own trigger is one level up; nobody else writes a balance.
  IF NEW.balance <> OLD.balance AND pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'ledger: the balance of account % changes by postings only', OLD.id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION billing_posting_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE reached numeric;
BEGIN
  IF EXISTS (SELECT 1 FROM billing_journalentry WHERE id = NEW.entry_id) THEN
    RAISE EXCEPTION 'ledger: entry % is sealed', NEW.entry_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  UPDATE billing_account SET balance = balance + NEW.amount WHERE id = NEW.account_id
    RETURNING balance INTO reached;
  IF reached IS DISTINCT FROM NEW.balance_after THEN
    RAISE EXCEPTION 'ledger: account % has % after this posting, not %',
      NEW.account_id, reached, NEW.balance_after
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION billing_balance_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE entry bigint;
BEGIN
  IF TG_TABLE_NAME = 'billing_posting' THEN
    entry := NEW.entry_id;
  ELSE
    entry := NEW.id;
    IF (SELECT count(*) FROM billing_posting WHERE entry_id = entry) < 2
        OR EXISTS (SELECT 1 FROM billing_posting
                   WHERE entry_id = entry AND booked_at <> NEW.booked_at) THEN
      RAISE EXCEPTION 'ledger: entry % needs two postings or more, of its own time', entry
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  IF EXISTS (SELECT 1 FROM billing_posting p JOIN billing_account a ON a.id = p.account_id
             WHERE p.entry_id = entry GROUP BY a.currency HAVING sum(p.amount) <> 0) THEN
    RAISE EXCEPTION 'ledger: entry % does not sum to zero', entry
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
"""
# A posting written while another transaction writes its entry meets neither the entry nor its
# other postings. The deferred trigger looks again at the commit, where the foreign key has
# made sure that the entry is there to be seen, and its postings with it.
_POSTGRESQL = {
    "billing_account_made": "BEFORE INSERT ON billing_account FOR EACH ROW"
    " EXECUTE FUNCTION billing_account_guard()",
    "billing_account_kept": "BEFORE UPDATE ON billing_account FOR EACH ROW"
    " EXECUTE FUNCTION billing_account_guard()",
    "billing_account_stays": "BEFORE DELETE ON billing_account FOR EACH ROW"
    " EXECUTE FUNCTION billing_refuse()",
    "billing_posting_booked": "BEFORE INSERT ON billing_posting FOR EACH ROW"
    " EXECUTE FUNCTION billing_posting_guard()",
    "billing_posting_kept": "BEFORE UPDATE ON billing_posting FOR EACH ROW"
    " EXECUTE FUNCTION billing_refuse()",
    "billing_posting_stays": "BEFORE DELETE ON billing_posting FOR EACH ROW"
    " EXECUTE FUNCTION billing_refuse()",
    "billing_entry_balanced": "AFTER INSERT ON billing_journalentry"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_balance_guard()",
    "billing_posting_balanced": "AFTER INSERT ON billing_posting"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_balance_guard()",
    "billing_entry_kept": "BEFORE UPDATE ON billing_journalentry FOR EACH ROW"
    " EXECUTE FUNCTION billing_refuse()",
    "billing_entry_stays": "BEFORE DELETE ON billing_journalentry FOR EACH ROW"
    " EXECUTE FUNCTION billing_refuse()",
    **{
        f"{table}_whole": f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
        " EXECUTE FUNCTION billing_refuse_truncate()"
        for table in TABLES
    },
}
# A trigger that deletes what INSERT OR REPLACE finds in its way is not run by SQLite: so nothing
# may be in its way. FOREIGN KEYs are checked at the commit: no posting without its entry.
_SQLITE = {
    "billing_account_made": """BEFORE INSERT ON billing_account BEGIN
  SELECT RAISE(ABORT, 'ledger: an account begins with nothing') WHERE NEW.balance <> 0;
  SELECT RAISE(ABORT, 'ledger: account exists')
    FROM billing_account WHERE id = NEW.id OR code = NEW.code;
END""",
    "billing_account_kept": """AFTER UPDATE ON billing_account BEGIN
  SELECT RAISE(ABORT, 'ledger: an account stays what it is')
    WHERE NEW.id <> OLD.id OR NEW.code <> OLD.code OR NEW.kind <> OLD.kind
      OR NEW.currency <> OLD.currency OR NEW.user_id IS NOT OLD.user_id
      OR NEW.company_id IS NOT OLD.company_id OR NEW.wallet_id IS NOT OLD.wallet_id;
  SELECT RAISE(ABORT, 'ledger: a balance changes by postings only')
    WHERE NEW.balance <> OLD.balance AND NEW.balance IS NOT (
      SELECT balance_after FROM billing_posting WHERE account_id = NEW.id ORDER BY id DESC LIMIT 1);
END""",
    "billing_account_stays": """BEFORE DELETE ON billing_account BEGIN
  SELECT RAISE(ABORT, 'ledger: DELETE of billing_account is not possible');
END""",
    "billing_posting_booked": """AFTER INSERT ON billing_posting BEGIN
  UPDATE billing_account SET balance = balance + NEW.amount WHERE id = NEW.account_id;
END""",
    "billing_posting_sealed": """BEFORE INSERT ON billing_posting BEGIN
  SELECT RAISE(ABORT, 'ledger: the entry is sealed')
    FROM billing_journalentry WHERE id = NEW.entry_id;
  SELECT RAISE(ABORT, 'ledger: posting exists') FROM billing_posting
    WHERE id = NEW.id OR (entry_id = NEW.entry_id AND account_id = NEW.account_id);
END""",
    "billing_posting_kept": """BEFORE UPDATE ON billing_posting BEGIN
  SELECT RAISE(ABORT, 'ledger: UPDATE of billing_posting is not possible');
END""",
    "billing_posting_stays": """BEFORE DELETE ON billing_posting BEGIN
  SELECT RAISE(ABORT, 'ledger: DELETE of billing_posting is not possible');
END""",
    "billing_entry_made": """BEFORE INSERT ON billing_journalentry BEGIN
  SELECT RAISE(ABORT, 'ledger: entry exists') FROM billing_journalentry
    WHERE id = NEW.id OR idempotency_key = NEW.idempotency_key OR reverses_id = NEW.reverses_id
      OR closes_id = NEW.closes_id;
END""",
    "billing_entry_balanced": """AFTER INSERT ON billing_journalentry BEGIN
  SELECT RAISE(ABORT, 'ledger: an entry needs two postings or more')
    WHERE (SELECT count(*) FROM billing_posting WHERE entry_id = NEW.id) < 2;
  SELECT RAISE(ABORT, 'ledger: a posting has the time of its entry')
    FROM billing_posting WHERE entry_id = NEW.id AND booked_at <> NEW.booked_at;
  SELECT RAISE(ABORT, 'ledger: the entry does not sum to zero')
    FROM billing_posting p JOIN billing_account a ON a.id = p.account_id
    WHERE p.entry_id = NEW.id GROUP BY a.currency HAVING sum(p.amount) <> 0;
END""",
    "billing_entry_kept": """BEFORE UPDATE ON billing_journalentry BEGIN
  SELECT RAISE(ABORT, 'ledger: UPDATE of billing_journalentry is not possible');
END""",
    "billing_entry_stays": """BEFORE DELETE ON billing_journalentry BEGIN
  SELECT RAISE(ABORT, 'ledger: DELETE of billing_journalentry is not possible');
END""",
}


def install(schema_editor: Any) -> None:
    """Put the guards of this engine in place; those that are there already are replaced."""
    remove(schema_editor)
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        schema_editor.execute(_POSTGRESQL_FUNCTIONS, params=None)
    for name, what in (_POSTGRESQL if postgresql else _SQLITE).items():
        kind = "CONSTRAINT TRIGGER" if "DEFERRED" in what else "TRIGGER"
        schema_editor.execute(f"CREATE {kind} {name} {what}", params=None)
    _closed.install(schema_editor)


def remove(schema_editor: Any) -> None:
    """Take the guards of this engine away: to change a table, or to empty one in tests."""
    _closed.remove(schema_editor)
    postgresql = schema_editor.connection.vendor == "postgresql"
    for name, what in (_POSTGRESQL if postgresql else _SQLITE).items():
        table = next(word for word in what.split() if word in TABLES)
        on = f" ON {table}" if postgresql else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)


class Guarded(Triggers):
    """Guards are in place from here on."""

    says = "The ledger's guards"

    def install(self, schema_editor: Any) -> None:
        """Put them in place."""
        install(schema_editor)

    def remove(self, schema_editor: Any) -> None:
        """Take them away."""
        remove(schema_editor)


class Unguarded(Guarded):
    """No guards from here on: the tables change."""

    lifted = True
