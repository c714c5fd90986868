"""What the audit trail watches: the models people change, field by field, without secrets.

Receivers hear only while somebody acts, so the rows of stations cost nothing: neither a query nor
an entry. What is written in bulk or by ``update()`` is heard by nobody: its page notes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from auditlog.models import LogEntry
from auditlog.receivers import log_create, log_delete, log_update, make_log_m2m_changes
from auditlog.registry import auditlog
from axes.signals import user_locked_out
from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from cms.accounts.models import User
from cms.shared import audit
from ocpp_gateway import masking
from stations.models import Command

Receiver = Callable[..., None]

# What stations report, counters, and copies of what stands elsewhere.
_REPORTED = (
    *(
        "online",
        "connection_id",
        "served_by",
        "connected_at",
        "last_seen_at",
        "disconnected_at",
        "boot_reason",
    ),
    *("connected_profile", "updated_at", "created_at"),
)
_SECRET = ("key_hash", "pending_keys", "hashed_key", "token")
_NOISE = ("fingerprint", "idempotency_key", "next_try_at", "attempts", "balance", "pending_profile")
_USED = ("last_login", "last_used_at")
WATCHED = (
    *("stations.Site", "stations.ChargingStation", "stations.Reservation", "stations.Quirk"),
    *("stations.ConfigurationTemplate", "stations.ChargingProfile", "stations.FirmwareImage"),
    *("stations.CommandBatch", "stations.ReviewCase", "stations.ProfileUpgrade"),
    *("stations.StationCertificate",),
    *("rfid.RfidCard", "rfid.CardGroup"),
    *("billing.Tariff", "billing.TariffVersion", "billing.TariffAssignment", "billing.Issuer"),
    "billing.CorrectionLimit",
    *("billing.Company", "billing.Member", "billing.Account", "billing.BillingPeriod"),
    *("billing.Invoice", "billing.Payment"),
    *("accounts.User", "accounts.ApiKey", "auth.Group"),
)


def watch() -> None:
    """Have it begun, once all models are there."""
    auditlog._signals = {
        post_save: _while_somebody_acts(log_create),
        pre_save: _while_somebody_acts(log_update),
        post_delete: _while_somebody_acts(log_delete),
    }
    for name in WATCHED:
        auditlog.register(
            apps.get_model(name), exclude_fields=fields_left_out(name), mask_fields=["password"]
        )
    for model, field in ((User, "groups"), (User, "user_permissions"), (Group, "permissions")):
        m2m_changed.connect(
            _while_somebody_acts(make_log_m2m_changes(field)),
            sender=getattr(model, field).through,
            weak=False,
        )
    pre_save.connect(audit.sign, sender=LogEntry)
    post_save.connect(_asked, sender=Command)
    user_logged_in.connect(_came_in)
    user_locked_out.connect(_was_locked_out)


def hidden(value: str) -> str:
    """What is said of a password: that there is one."""
    return "***" if value else ""


def fields_left_out(name: str) -> list[str]:
    """The fields of a watched model that the trail never holds."""
    fields = {field.name for field in apps.get_model(name)._meta.fields}
    return sorted(fields & {*_REPORTED, *_SECRET, *_USED, *_NOISE})


def _while_somebody_acts(receiver: Receiver) -> Receiver:
    def heard(*args: Any, **kwargs: Any) -> None:
        if audit.somebody_acts():
            receiver(*args, **kwargs)

    return heard


def _asked(sender: Any, instance: Command, created: bool, **_: Any) -> None:
    """A command is in the trail of its station; those nobody asked for are not."""
    if not created or not (audit.somebody_acts() or instance.requested_by_id):
        return
    payload = json.loads(masking.mask(json.dumps(instance.payload)))
    audit.note(
        instance.station,
        f"Asked for {instance.action}",
        user_id=instance.requested_by_id,
        command=instance.pk,
        payload=payload,
    )


def _came_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if audit.somebody_acts():
        audit.note(user, "Logged in", second_factor="otp_device_id" in request.session)


def _was_locked_out(sender: Any, username: str | None, ip_address: str | None, **_: Any) -> None:
    user = User.objects.filter(username=username or "").first()
    if user is not None:
        audit.note(user, "Was wrong too often at the login", address=ip_address)
