"""The secrets of authenticator apps are encrypted, those that are there already, too."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from cms.shared import sealing

# As cms/accounts/models.py has them, and as they were stored by this migration.
_OF_APPS, _SEALED = b"authenticator app", "sealed:"


def seal(apps: Any, schema_editor: Any) -> None:
    """Encrypt what stands there in hexadecimal digits."""
    for row in _rows(apps).exclude(key__startswith=_SEALED).iterator():
        secret = sealing.sealed(bytes.fromhex(row.key), purpose=_OF_APPS, of=str(row.user_id))
        _rows(apps).filter(pk=row.pk).update(key=_SEALED + secret)


def unseal(apps: Any, schema_editor: Any) -> None:
    """Write them as django-otp does."""
    for row in _rows(apps).filter(key__startswith=_SEALED).iterator():
        sealed = row.key.removeprefix(_SEALED)
        secret = sealing.opened(sealed, purpose=_OF_APPS, of=str(row.user_id))
        _rows(apps).filter(pk=row.pk).update(key=secret.hex())


def _rows(apps: Any) -> Any:
    return apps.get_model("otp_totp", "TOTPDevice").objects


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_site_limits"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuthenticatorApp",
            fields=[],
            options={"proxy": True, "default_permissions": (), "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.RunPython(seal, unseal),
    ]
