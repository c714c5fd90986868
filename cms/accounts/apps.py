"""Users and API keys as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models import Q
from django.db.models.signals import post_migrate, post_save

from cms.shared import scoping

# People are of no site: drivers charge at all of them. Keys act as their users.
_RULES: dict[str, scoping.Rule] = {
    "User": scoping.everybody,
    "Role": scoping.everybody,
    "ApiKey": lambda limit: Q(user=limit.user_id),
    "Mail": scoping.nobody,
    "SiteLimit": lambda limit: Q(user=limit.user_id) | Q(key__user=limit.user_id),
}


class AccountsConfig(AppConfig):
    """Users and API keys."""

    name = "cms.accounts"
    label = "accounts"
    verbose_name = "Users and keys"

    def ready(self) -> None:
        """Have roles made once there are permissions to give; say what is of which site; notice."""
        from cms.accounts.models import User
        from cms.accounts.noticing import password_saved
        from cms.accounts.roles import after_migrating

        scoping.declare_names({"user_id": scoping.by_number(User)})
        scoping.declare(self.label, _RULES)
        scoping.declare("auditlog", {"LogEntry": scoping.nobody})  # of the whole company
        scoping.declare("otp_totp", {"TOTPDevice": scoping.nobody})
        scoping.declare("auth", {"Group": scoping.everybody, "Permission": scoping.everybody})
        post_save.connect(password_saved, sender=User, dispatch_uid="password")
        post_migrate.connect(after_migrating, dispatch_uid="roles")
