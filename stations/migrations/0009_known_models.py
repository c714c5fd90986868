"""More that may be known of a model, and what is known of some from public issue trackers."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_NAMES = [
    *("configuration_keys", "configuration_pause", "read_configuration", "configuration_by_key"),
    *("rate_unit", "profile_purposes", "settle_seconds", "naive_times", "z_is_local"),
    *("energy_unit", "power_unit"),
]
# name, value, vendor, model, firmware, enabled, note. Where being wrong would do harm it is off:
# an operator who sees it at a station of theirs switches it on.
KNOWN: list[tuple[str, Any, str, str, str, bool, str]] = [
    (
        *("settle_seconds", 15, "Wall Box*", "", "", True),
        "Any call before its boot exchange ends sends it into a boot loop",
    ),
    (
        *("settle_seconds", 15, "Wallbox*", "", "", True),
        "Any call before its boot exchange ends sends it into a boot loop",
    ),
    (
        *("configuration_keys", 4, "*Entratek*", "", "", True),
        "Its GetConfigurationMaxKeys is 4, and it tells no more at once",
    ),
    (
        *("configuration_by_key", True, "ABB*", "", "", True),
        "Restarts when it is asked for all its settings at once",
    ),
    (
        *("configuration_pause", 10, "ABB*", "", "", True),
        "Restarts when it is asked for its settings too quickly",
    ),
    (
        *("profile_purposes", ["TxDefaultProfile", "TxProfile"], "EVBox*", "", "", True),
        "Rejects ChargePointMaxProfile",
    ),
    (
        *("profile_purposes", ["TxDefaultProfile", "TxProfile"], "EV-BOX*", "", "", True),
        "Rejects ChargePointMaxProfile",
    ),
    ("rate_unit", "W", "Huawei*", "", "", True, "Takes charging profiles in watts only"),
    (
        *("naive_times", "site", "Growatt*", "", "", False),
        "Sends times without a zone; switch it on where yours shows local time",
    ),
    (
        *("z_is_local", True, "Growatt*", "", "", False),
        "Some mark local time with Z; switch it on where yours does",
    ),
    (
        *("energy_unit", "kWh", "OpenEVSE*", "", "*4.2.*", False),
        "Sends kWh as Wh; switch it on where the energy of yours is a thousandth",
    ),
]


def add_known(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """Bring what is known; what an operator said already stays."""
    quirks = apps.get_model("stations", "Quirk").objects
    for name, value, vendor, model, firmware, enabled, note in KNOWN:
        quirks.get_or_create(
            name=name,
            vendor=vendor,
            model=model,
            firmware=firmware,
            defaults={"value": value, "enabled": enabled, "note": note, "seeded": True},
        )


def remove_known(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take it away again."""
    apps.get_model("stations", "Quirk").objects.filter(seeded=True).delete()


class Migration(migrations.Migration):
    """Adds knobs, says which rows came with the system, and brings those."""

    dependencies = [("stations", "0008_charging_profiles")]

    operations = [
        migrations.AlterField(
            model_name="quirk",
            name="name",
            field=models.CharField(choices=[(name, name) for name in _NAMES], max_length=50),
        ),
        migrations.AddField(
            model_name="quirk",
            name="seeded",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunPython(add_known, remove_known),
    ]
