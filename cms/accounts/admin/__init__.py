"""People's pages of accounts: a module per noun."""

from __future__ import annotations

from cms.accounts.admin import keys, users

__all__ = ["keys", "users"]
