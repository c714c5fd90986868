"""The audit trail: what is watched, who acts, the pages that show it. See cms/shared/audit."""
