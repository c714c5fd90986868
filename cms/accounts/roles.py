"""Roles: groups that are there from the start, each with what its people need and no more.

They are ordinary groups: whoever administers users may change, rename or delete them. Each
permission is given once: what was taken away stays away, what a later version brings is added.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connections, transaction

from cms.accounts.models import Role

# Patterns of app.permission
ROLES: dict[str, tuple[str, ...]] = {
    "Operator": (
        *("stations.*", "rfid.*", "ocpp_gateway.view_*", "ocpp_gateway.export_*"),
        *("billing.view_tariff*", "billing.view_sessionbill"),
    ),
    "Support": (
        *("stations.view_*", "stations.serve_driver", "ocpp_gateway.view_*"),
        *("rfid.view_rfidcard", "rfid.view_cardgroup"),  # not the whole numbers of cards
        "stations.add_snooze",
        *("billing.view_tariff*", "billing.view_sessionbill"),
    ),
    "Technician": (
        *("stations.view_*", "ocpp_gateway.view_*", "ocpp_gateway.export_*"),
        *("stations.*_command", "stations.*_commandbatch", "stations.change_chargingstation"),
        *("stations.*_firmware*", "stations.*_logrequest", "stations.*_configuration*"),
        *("stations.*_chargingprofile", "stations.*_profile*", "stations.*_quirk"),
        *("stations.*certificate", "stations.change_locallist", "stations.add_snooze"),
    ),
    "Finance": (
        "billing.*",
        *("stations.view_chargingsession", "stations.view_chargingstation", "stations.view_site"),
        *("rfid.view_rfidcard", "rfid.view_cardgroup"),
    ),
    "Auditor": (
        *("stations.view_*", "rfid.view_*", "billing.view_*"),
        *("ocpp_gateway.view_*", "ocpp_gateway.export_*"),
        *("accounts.view_user", "accounts.view_apikey", "auth.view_group"),
        "auditlog.view_logentry",
    ),
}

# What a pattern would give, and is not given: who corrects does not say what another has to approve
WITHHELD: dict[str, tuple[str, ...]] = {
    "Finance": tuple(f"billing.{verb}_correctionlimit" for verb in ("add", "change", "delete"))
}


def after_migrating(sender: Any, using: str, **_: Any) -> None:
    """Django's post_migrate: once all apps have their permissions."""
    is_last = sender is [app for app in apps.get_app_configs() if app.models_module][-1]
    if is_last and Role._meta.db_table in connections[using].introspection.table_names():
        ensure(using)


@transaction.atomic
def ensure(using: str = "default") -> None:
    """Make the roles that were never made, and give each what it was never given."""
    rows = {row.name: row for row in Role.objects.using(using).select_related("group")}
    permissions = Permission.objects.using(using).values_list(
        "content_type__app_label", "codename", "pk"
    )
    numbers = {f"{app}.{codename}": pk for app, codename, pk in permissions}
    for name in ROLES:
        row = rows.get(name) or _made(name, using)
        wanted = {one for one in numbers if _is_given(one, name)}
        new = sorted(wanted.difference(row.granted))
        if not new:
            continue
        if row.group is not None:
            row.group.permissions.add(*(numbers[one] for one in new))
        row.granted = sorted({*row.granted, *new})
        row.save(using=using)


def _is_given(permission: str, role: str) -> bool:
    withheld = permission in WITHHELD.get(role, ())
    return not withheld and any(fnmatchcase(permission, each) for each in ROLES[role])


def _made(name: str, using: str) -> Role:
    """A group somebody made before us under this name is theirs: it is given nothing."""
    group, is_new = Group.objects.using(using).get_or_create(name=name)
    return Role(name=name, group=group if is_new else None)
