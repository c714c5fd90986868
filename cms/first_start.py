"""What the first start of an installation makes: the database's tables and the admin user."""

from __future__ import annotations

import secrets

from django.core.management import call_command

from cms.accounts.models import User


def migrate() -> None:
    """Bring the tables up to date."""
    call_command("migrate", interactive=False, verbosity=0)


def create_admin(*, username: str, password: str) -> tuple[str, str] | None:
    """The first admin's name and password, to be shown once; None where there is an admin."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = password or secrets.token_urlsafe(12)
    User.objects.create_superuser(username=username, password=password)
    return username, password
