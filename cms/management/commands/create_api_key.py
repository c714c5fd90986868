"""``manage.py create_api_key``: a key for a program, printed once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.accounts import keys
from cms.accounts.models import Scope, User
from cms.shared import clock
from cms.shared.errors import DomainError


class Command(BaseCommand):
    """Makes an API key."""

    help = "Make an API key and print it: alone on standard output, and never again."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the key is for, whose it is, what it may do, how long."""
        parser.add_argument("--name", required=True, help="what will use the key")
        parser.add_argument("--user", required=True, help="the user on whose behalf it acts")
        parser.add_argument(
            "--scopes", default=Scope.READ.value, help=f"some of {','.join(Scope.values)}"
        )
        parser.add_argument("--expires-days", type=int, help="days until it ends; default: never")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it. Raises CommandError for an unknown user or scope."""
        at, days = clock.now(), options["expires_days"]
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--expires-days should be from 1 to 3650")
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}")
        try:
            row, key = keys.create(
                name=options["name"],
                user=user,
                scopes=[scope.strip() for scope in options["scopes"].split(",")],
                at=at,
                expires_at=None if days is None else at + timedelta(days=days),
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Key {row} with {', '.join(row.scopes)}. It is shown only now:")
        self.stdout.write(key)
